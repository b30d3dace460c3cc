// SPDX-License-Identifier: Apache-2.0

#define _DEFAULT_SOURCE
#include "CKernel.h"

#include <malloc.h>
#include <string.h>

void ckernel_zero(void *bytes, size_t count) { explicit_bzero(bytes, count); }

void ckernel_share_heap_areas(int count) { mallopt(M_ARENA_MAX, count); }

void ckernel_map_large_blocks(int bytes) { mallopt(M_MMAP_THRESHOLD, bytes); }
