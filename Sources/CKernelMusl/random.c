// SPDX-License-Identifier: Apache-2.0
//
// Embedded Swift takes the seed of its hashes from arc4random_buf(3), which musl does not have.

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

void arc4random_buf(void *bytes, size_t count);

void arc4random_buf(void *bytes, size_t count) {
    for (size_t filled = 0; filled < count;) {
        ssize_t some = getrandom((uint8_t *)bytes + filled, count - filled, 0);
        if (some < 0 && errno != EINTR) abort();
        if (some > 0) filled += (size_t)some;
    }
}
