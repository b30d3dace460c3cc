// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "CKernel.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

int ckernel_forbid_core_dumps(void) {
    struct rlimit limit = {0, 0};
    if (getrlimit(RLIMIT_CORE, &limit) != 0) return -1;
    limit.rlim_cur = 0;
    return setrlimit(RLIMIT_CORE, &limit);
}

void ckernel_reset_crash_signals(void) {
    static const int signals[] = {SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGBUS, SIGSEGV, SIGQUIT};
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    for (size_t index = 0; index < sizeof signals / sizeof signals[0]; index++) {
        sigaction(signals[index], &action, NULL);
    }
}

int ckernel_forbid_ptrace(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

void ckernel_reset_sigpipe(void) { signal(SIGPIPE, SIG_DFL); }
