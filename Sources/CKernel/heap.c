// SPDX-License-Identifier: Apache-2.0

#include "CKernel.h"

#include <malloc.h>

void ckernel_share_heap_areas(int count) { mallopt(M_ARENA_MAX, count); }

void ckernel_map_large_blocks(int bytes) { mallopt(M_MMAP_THRESHOLD, bytes); }
