// SPDX-License-Identifier: Apache-2.0

#include "memory_mount.h"

#include <errno.h>
#include <sys/mount.h>

int ckernel_mount_memory(const char *path) {
    const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if (mount("attache", path, "tmpfs", flags, "noswap,mode=0755,size=64m") == 0) return 0;
    if (errno != EINVAL) return -1;
    // Its pages are never written anywhere; what is put into it is bounded by what an agent can have.
    return mount("attache", path, "ramfs", flags, "mode=0755");
}

int ckernel_unmount(const char *path) { return umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW); }
