// A live index of a cache, compared with walks.

#pragma once

#include <string>

#include "cache_fixture.h"
#include "core/live_index.h"

namespace testing {

// Aborts if it cannot be built.
std::unique_ptr<xattr_cache::LiveIndex> BuildIndex(const Cache& cache);

// Returns how the index differs from a walk, in number or size; empty if it does not.
std::string DifferenceFromWalk(const xattr_cache::LiveIndex& live, const Cache& cache);

// The id of the coldest image of a walk; empty if there is none.
std::string ColdestOfWalk(const Cache& cache);

// The id of the candidate; "(none)", or the error.
std::string ColdestOf(xattr_cache::LiveIndex& live);

// Removes up to `count` images as an evictor does, one round, and returns their ids in order.
std::string Evict(xattr_cache::LiveIndex& live, const Cache& cache, size_t count);

// Causes more events than the kernel keeps.  Returns false if that would take too long.
bool Overflow(const Cache& cache);

}  // namespace testing
