// Rows of a listing as columns: all ids in one buffer, numbers in typed arrays.  This takes a few calls into
// JavaScript, not several for each image.

#pragma once

#include <cstddef>

#include "binding/node_api_config.h"
#include "core/image_list.h"

namespace xattr_cache::binding {

// Up to `limit` rows from `start`: { count, ids, idEnds, sizes, allocatedSizes, hits, accessedMs, recencyMs, modifiedMs
// }. `idEnds[i]` is where the i-th id ends in `ids`; it begins where the one before ends.
Napi::Object ToColumns(Napi::Env env, const ImageList& list, size_t start, size_t limit);

}  // namespace xattr_cache::binding
