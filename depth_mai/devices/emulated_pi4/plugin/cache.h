/* SPDX-License-Identifier: Apache-2.0
 *
 * A model of the data caches of the Raspberry Pi 4: Cortex-A72, 32 KiB of two
 * ways for a core, 1 MiB of 16 ways for all, lines of 64 bytes ("Arm Cortex-A72
 * MPCore Processor Technical Reference Manual", 6 and 7). Least recently used,
 * allocated on write. No prefetcher, no instructions, no translation of
 * addresses: it ranks, it does not time.
 */
#ifndef DEPTH_MAI_CACHE_H_
#define DEPTH_MAI_CACHE_H_

#include <stdint.h>

enum { L1D_SETS = 256, L1D_WAYS = 2, L2_SETS = 1024, L2_WAYS = 16 };
enum { LINE_SHIFT = 6 };

/* Line numbers plus one, the latest used first; 0 is empty. */
static uint64_t l1d[L1D_SETS][L1D_WAYS], l2[L2_SETS][L2_WAYS];
static uint64_t l1d_misses, l2_misses;

/* Looks a line up and makes it the latest used; returns whether it was in. */
static inline int cache_touch(uint64_t *ways, int num_ways, uint64_t line) {
  int place = 0;
  while (place < num_ways - 1 && ways[place] != line + 1) place++;
  int hit = ways[place] == line + 1;
  for (; place > 0; place--) ways[place] = ways[place - 1];
  ways[0] = line + 1;
  return hit;
}

static inline void cache_access(uint64_t address, unsigned bytes) {
  uint64_t last = (address + bytes - 1) >> LINE_SHIFT;
  for (uint64_t line = address >> LINE_SHIFT; line <= last; line++) {
    if (cache_touch(l1d[line % L1D_SETS], L1D_WAYS, line)) continue;
    l1d_misses++;
    if (!cache_touch(l2[line % L2_SETS], L2_WAYS, line)) l2_misses++;
  }
}

#endif /* DEPTH_MAI_CACHE_H_ */
