// SPDX-License-Identifier: Apache-2.0
//
// Stands in for fsync(2) and fdatasync(2) of the test program and of the libraries that it loads, so that a test can
// count them and make them fail for the files below one folder.

#ifndef SYNC_PROBE_H
#define SYNC_PROBE_H

/// Begins to watch the files below `folder`, a path without symbolic links. Returns a handle, or -1 when all are taken.
int sync_probe_watch(const char *_Nonnull folder);

/// How many of the calls on watched files reached the kernel.
long sync_probe_count(int handle);

/// Makes the calls on watched files fail with `error`, an errno; 0 lets them through again.
void sync_probe_fail(int handle, int error);

void sync_probe_unwatch(int handle);

#endif
