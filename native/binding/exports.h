// The parts of the export table, each beside the operations that it names.  src/native/native.ts holds their types.

#pragma once

#include <initializer_list>

#include "binding/node_api_config.h"

namespace xattr_cache::binding {

struct Export {
  const char* name;
  Napi::Value (*function)(const Napi::CallbackInfo&);
};

inline void AddExports(Napi::Object exports, std::initializer_list<Export> list) {
  for (const Export& entry : list) {
    exports.Set(entry.name, Napi::Function::New(exports.Env(), entry.function, entry.name));
  }
}

void ExportDirectory(Napi::Object exports);
void ExportLookup(Napi::Object exports);
void ExportReader(Napi::Object exports);
void ExportWriter(Napi::Object exports);
void ExportFollower(Napi::Object exports);
void ExportScan(Napi::Object exports);
void ExportEviction(Napi::Object exports);
void ExportCheckpoint(Napi::Object exports);
void ExportXattr(Napi::Object exports);

}  // namespace xattr_cache::binding
