// SPDX-License-Identifier: Apache-2.0
//
// Loaded into a server with LD_PRELOAD. What the server writes to the files of FAULT_FOLDER also reaches the files of the
// same names in FAULT_SHADOW, but only when the file is synchronized: the shadow is what a power failure would leave.
//
// FAULT_UNSYNCED  a name's end; synchronizing such a file succeeds and reaches nothing, as a database's log that is not
//                 synchronized at each commit. For the control that must lose something.
// FAULT_KILL_AT   a number; the process is killed instead of the write or synchronization of that number in FAULT_FOLDER.
// FAULT_TRIGGER   a path; while there is such a file, synchronizing fails with EIO.
// FAULT_FULL      a path; while there is such a file, writing at a place of any file, as a database does, fails with ENOSPC.

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { file_limit = 32, range_limit = 8192, descriptor_limit = 65536 };

struct range {
    off_t start, end;
};

// What was written to one file since it was last synchronized.
struct file {
    char name[NAME_MAX + 1];
    struct range ranges[range_limit];
    int count;
};

static struct file files[file_limit];
static int file_count;
static signed char known[descriptor_limit];  // 0 not looked at, -1 elsewhere, else the file's place + 1
static const char *folder, *shadow, *unsynced, *trigger, *full;
static int kill_at;
static atomic_int steps;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_write)(int, const void *, size_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_close)(int);

__attribute__((constructor)) static void load(void) {
    real_pwrite = (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite64");
    real_write = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    real_fsync = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    real_close = (int (*)(int))dlsym(RTLD_NEXT, "close");
    folder = getenv("FAULT_FOLDER");
    shadow = getenv("FAULT_SHADOW");
    unsynced = getenv("FAULT_UNSYNCED");
    trigger = getenv("FAULT_TRIGGER");
    full = getenv("FAULT_FULL");
    const char *number = getenv("FAULT_KILL_AT");
    kill_at = number ? atoi(number) : 0;
}

static int path_of(int descriptor, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return -1;
    path[length] = 0;
    return 0;
}

// Counts what is done to the folder or to a file in it, and ends the process at the number that was asked for.
static void step(int descriptor) {
    if (!kill_at || !folder) return;
    char path[PATH_MAX];
    size_t length = strlen(folder);
    if (path_of(descriptor, path) != 0 || strncmp(path, folder, length) != 0) return;
    if (path[length] != '/' && path[length] != 0) return;
    if (atomic_fetch_add(&steps, 1) + 1 == kill_at) kill(getpid(), SIGKILL);
}

// The file that a descriptor is of, when it lies in the folder itself; the lock is held.
static struct file *file_of(int descriptor) {
    if (!folder || !shadow || descriptor < 0 || descriptor >= descriptor_limit) return NULL;
    if (known[descriptor] > 0) return &files[known[descriptor] - 1];
    if (known[descriptor] < 0) return NULL;
    known[descriptor] = -1;
    char path[PATH_MAX];
    size_t length = strlen(folder);
    if (path_of(descriptor, path) != 0 || strncmp(path, folder, length) != 0 || path[length] != '/') return NULL;
    const char *name = path + length + 1;
    if (strchr(name, '/') || strchr(name, ' ') || strlen(name) > NAME_MAX) return NULL;
    int place = 0;
    while (place < file_count && strcmp(files[place].name, name) != 0) place++;
    if (place == file_limit) abort();
    if (place == file_count) {
        strcpy(files[place].name, name);
        file_count++;
    }
    known[descriptor] = (signed char)(place + 1);
    return &files[place];
}

static void wrote(int descriptor, off_t start, ssize_t count) {
    if (count <= 0) return;
    pthread_mutex_lock(&lock);
    struct file *file = file_of(descriptor);
    if (file) {
        if (file->count == range_limit) {
            for (int i = 1; i < file->count; i++) {
                if (file->ranges[i].start < file->ranges[0].start) file->ranges[0].start = file->ranges[i].start;
                if (file->ranges[i].end > file->ranges[0].end) file->ranges[0].end = file->ranges[i].end;
            }
            file->count = 1;
        }
        file->ranges[file->count++] = (struct range){start, start + count};
    }
    pthread_mutex_unlock(&lock);
}

static void copy_to_shadow(int descriptor, struct file *file) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", shadow, file->name);
    int target = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (target < 0) abort();
    static char buffer[1 << 16];
    for (int i = 0; i < file->count; i++) {
        off_t place = file->ranges[i].start;
        while (place < file->ranges[i].end) {
            size_t wanted = sizeof buffer;
            if ((off_t)wanted > file->ranges[i].end - place) wanted = (size_t)(file->ranges[i].end - place);
            ssize_t count = pread(descriptor, buffer, wanted, place);
            if (count <= 0) break;
            if (real_pwrite(target, buffer, (size_t)count, place) != count) abort();
            place += count;
        }
    }
    file->count = 0;
    struct stat status;
    if (fstat(descriptor, &status) == 0 && ftruncate(target, status.st_size) != 0) abort();
    real_close(target);
}

// A folder that is synchronized forgets the files that were removed from it.
static void forget_removed(int descriptor) {
    char path[PATH_MAX];
    if (!folder || !shadow || path_of(descriptor, path) != 0 || strcmp(path, folder) != 0) return;
    DIR *entries = opendir(shadow);
    if (!entries) return;
    struct dirent *entry;
    while ((entry = readdir(entries))) {
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (access(path, F_OK) == 0) continue;
        snprintf(path, sizeof path, "%s/%s", shadow, entry->d_name);
        unlink(path);
    }
    closedir(entries);
}

static int synchronize(int descriptor, int (*real)(int)) {
    step(descriptor);
    if (trigger && access(trigger, F_OK) == 0) {
        errno = EIO;
        return -1;
    }
    pthread_mutex_lock(&lock);
    struct file *file = file_of(descriptor);
    size_t length = unsynced ? strlen(unsynced) : 0;
    if (file && unsynced && strlen(file->name) >= length
        && strcmp(file->name + strlen(file->name) - length, unsynced) == 0) {
        pthread_mutex_unlock(&lock);
        return 0;
    }
    int result = real(descriptor);
    if (result == 0 && file) copy_to_shadow(descriptor, file);
    if (result == 0 && !file) forget_removed(descriptor);
    pthread_mutex_unlock(&lock);
    return result;
}

int fsync(int descriptor) { return synchronize(descriptor, real_fsync); }

int fdatasync(int descriptor) { return synchronize(descriptor, real_fdatasync); }

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off_t place) {
    step(descriptor);
    if (full && access(full, F_OK) == 0) {
        errno = ENOSPC;
        return -1;
    }
    ssize_t written = real_pwrite(descriptor, bytes, count, place);
    wrote(descriptor, place, written);
    return written;
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t place) {
    return pwrite64(descriptor, bytes, count, place);
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
    step(descriptor);
    off_t place = folder ? lseek(descriptor, 0, SEEK_CUR) : -1;
    ssize_t written = real_write(descriptor, bytes, count);
    if (place >= 0) wrote(descriptor, place, written);
    return written;
}

int close(int descriptor) {
    if (descriptor >= 0 && descriptor < descriptor_limit) {
        pthread_mutex_lock(&lock);
        known[descriptor] = 0;
        pthread_mutex_unlock(&lock);
    }
    return real_close(descriptor);
}
