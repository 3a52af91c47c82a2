// Module entry point: the export table, and the heap made ready for buffers.  The addon keeps no state of its own,
// neither per process nor per environment, so that worker threads need no care.

#include "binding/exports.h"
#include "binding/handle.h"
#include "binding/heap.h"

namespace {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  using namespace xattr_cache::binding;
  KeepFreedMemory();
  exports.Set("releaseSync", Napi::Function::New(env, ReleaseSync, "releaseSync"));
  ExportDirectory(exports);
  ExportLookup(exports);
  ExportReader(exports);
  ExportWriter(exports);
  ExportFollower(exports);
  ExportScan(exports);
  ExportEviction(exports);
  ExportCheckpoint(exports);
  ExportXattr(exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(NODE_GYP_MODULE_NAME, Init)
