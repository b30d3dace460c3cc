// SPDX-License-Identifier: Apache-2.0

#define _DEFAULT_SOURCE
#include "CKernel.h"

#include <string.h>

void ckernel_zero(void *bytes, size_t count) { explicit_bzero(bytes, count); }
