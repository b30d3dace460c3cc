// SPDX-License-Identifier: Apache-2.0
//
// A folder whose files are in memory and never in swap.

#ifndef CKERNEL_MEMORY_MOUNT_H
#define CKERNEL_MEMORY_MOUNT_H

/// Mounts a file system in memory at `path`: tmpfs that is not swapped (Linux 6.4, tmpfs(5)), or ramfs where the kernel does
/// not know that. No programs, devices or set-user-id files in it; its root has mode 0755. Returns 0, or -1 with errno.
int ckernel_mount_memory(const char *_Nonnull path);

/// Takes the mount at `path` away at once, or as soon as nobody uses it (umount2(2), MNT_DETACH). Returns 0, or -1 with
/// errno.
int ckernel_unmount(const char *_Nonnull path);

#endif
