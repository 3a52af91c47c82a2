// The images of a filled directory, and the order in which they are to go.
//
// Image i of n was last accessed at rank (i * kStep) mod n, so that the coldest lie all over the directory.

#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

// A prime that divides no power of ten.
static const uint64_t kStep = 7919;

static inline void NameOf(uint64_t index, char* name) {
  sprintf(name, "image-%08llu", (unsigned long long)index);
}

static inline uint64_t RankOf(uint64_t index, uint64_t images) {
  return index * kStep % images;
}

static inline uint64_t RankOfName(const char* name, uint64_t images) {
  return RankOf(strtoull(name + sizeof("image-") - 1, NULL, 10), images);
}
