// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "sync_probe.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { watch_limit = 128, path_limit = 512 };

struct watch {
    char folder[path_limit];
    size_t length;
    long count;
    int error;
};

static struct watch watches[watch_limit];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

int sync_probe_watch(const char *folder) {
    size_t length = strlen(folder);
    if (length == 0 || length >= path_limit) return -1;
    int found = -1;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < watch_limit && found < 0; i++) {
        if (watches[i].length == 0) found = i;
    }
    if (found >= 0) {
        memcpy(watches[found].folder, folder, length + 1);
        watches[found].length = length;
        watches[found].count = 0;
        watches[found].error = 0;
    }
    pthread_mutex_unlock(&lock);
    return found;
}

long sync_probe_count(int handle) {
    pthread_mutex_lock(&lock);
    long count = watches[handle].count;
    pthread_mutex_unlock(&lock);
    return count;
}

void sync_probe_fail(int handle, int error) {
    pthread_mutex_lock(&lock);
    watches[handle].error = error;
    pthread_mutex_unlock(&lock);
}

void sync_probe_unwatch(int handle) {
    pthread_mutex_lock(&lock);
    watches[handle].length = 0;
    pthread_mutex_unlock(&lock);
}

/// Counts the call; returns the errno that it is to fail with, or 0.
static int note(int descriptor) {
    char link[64], path[path_limit];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    int error = 0;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < watch_limit; i++) {
        struct watch *watch = &watches[i];
        if (watch->length == 0 || strncmp(path, watch->folder, watch->length) != 0) continue;
        if (watch->error) error = watch->error;
        else watch->count++;
    }
    pthread_mutex_unlock(&lock);
    return error;
}

static int synchronize(int descriptor, long call) {
    int error = note(descriptor);
    if (error) {
        errno = error;
        return -1;
    }
    return (int)syscall(call, descriptor);
}

int fsync(int descriptor) {
    return synchronize(descriptor, SYS_fsync);
}

int fdatasync(int descriptor) {
    return synchronize(descriptor, SYS_fdatasync);
}
