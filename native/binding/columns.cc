#include "binding/columns.h"

#include <algorithm>
#include <cstring>

#include "posix/file_times.h"

namespace xattr_cache::binding {

namespace {

// A worker that is being terminated may stop creating values at any moment: each may be empty.

template <typename Array, typename Value>
Array Column(Napi::Env env, const ImageList& list, size_t start, size_t count, Value value) {
  Array column = Array::New(env, count);
  if (column.IsEmpty()) return column;
  auto* data = column.Data();
  for (size_t i = 0; i < count; i++) data[i] = value(list.row(start + i));
  return column;
}

Napi::Buffer<char> JoinIds(Napi::Env env, const ImageList& list, size_t start, size_t count, size_t size) {
  auto ids = Napi::Buffer<char>::New(env, size);
  if (ids.IsEmpty()) return ids;
  size_t position = 0;
  for (size_t i = 0; i < count; i++) {
    const std::string_view id = list.name(list.row(start + i));
    std::memcpy(ids.Data() + position, id.data(), id.size());
    position += id.size();
  }
  return ids;
}

}  // namespace

Napi::Object ToColumns(Napi::Env env, const ImageList& list, size_t start, size_t limit) {
  start = std::min(start, list.size());
  const size_t count = std::min(limit, list.size() - start);

  uint32_t end = 0;
  const auto ends =
      Column<Napi::Uint32Array>(env, list, start, count, [&](const ImageRow& row) { return end += row.name_length; });
  const auto numbers = [&](auto value) { return Column<Napi::Float64Array>(env, list, start, count, value); };

  Napi::Object columns = Napi::Object::New(env);
  columns.Set("count", static_cast<double>(count));
  columns.Set("ids", JoinIds(env, list, start, count, end));
  columns.Set("idEnds", ends);
  columns.Set("sizes", numbers([](const ImageRow& row) { return static_cast<double>(row.size); }));
  columns.Set("allocatedSizes", numbers([](const ImageRow& row) { return static_cast<double>(row.allocated); }));
  columns.Set("hits", numbers([](const ImageRow& row) { return static_cast<double>(row.hits); }));
  columns.Set("accessedMs", numbers([](const ImageRow& row) {
                // A time in the future does not count.
                return ToMilliseconds(std::min(row.accessed_ns, row.recency_ns));
              }));
  columns.Set("recencyMs", numbers([](const ImageRow& row) { return ToMilliseconds(row.recency_ns); }));
  columns.Set("modifiedMs", numbers([](const ImageRow& row) { return ToMilliseconds(row.modified_ns); }));
  return columns;
}

}  // namespace xattr_cache::binding
