// SPDX-License-Identifier: Apache-2.0
//
// What a process does at a signal, as rt_sigaction(2) takes it. sigaction(3) refuses the signals that a C library keeps
// for its threads, 32 and 33 or 32 to 34, and that of musl unblocks two of them where it sets a handler: one that was
// inherited as blocked and is pending would end the process.

#ifndef CKERNEL_DISPOSITIONS_H
#define CKERNEL_DISPOSITIONS_H

#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

struct disposition {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)(int);
    uint64_t mask;
};

static const struct disposition default_action = {.handler = SIG_DFL}, ignored = {.handler = SIG_IGN};

/// One with a handler that never returns. x86-64 wants to know where it would return to.
static inline struct disposition ending_with(void (*handler)(int)) {
    const unsigned long has_restorer = 0x04000000;
    return (struct disposition){.handler = handler, .flags = has_restorer, .restorer = handler};
}

/// Sets the disposition unless `next` is null, and tells the former one unless `former` is. Returns 0, or -1 with errno.
static inline int change_disposition(int signal, const struct disposition *next, struct disposition *former) {
    return (int)syscall(SYS_rt_sigaction, signal, next, former, sizeof(uint64_t));
}

#endif
