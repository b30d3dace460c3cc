// SPDX-License-Identifier: Apache-2.0
//
// The system calls of attache-exec. Strings are `uint8_t`, since the sign of `char` differs between machines.
// A function that can fail returns a negated errno(3). Deadlines are absolute, in milliseconds of CLOCK_MONOTONIC.

#ifndef CKERNEL_EXEC_SYSCALLS_H
#define CKERNEL_EXEC_SYSCALLS_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

/// The argument vector as the kernel handed it over: Embedded Swift has no `CommandLine`.
///
/// Only for a program that has not changed its environment with setenv(3) or the like.
uint8_t *_Nullable *_Nullable ckernel_exec_arguments(void);

/// environ(7).
uint8_t *_Nullable *_Nullable ckernel_exec_environment(void);

/// Keeps the process from leaving a core file or being traced: RLIMIT_CORE 0 (soft), PR_SET_DUMPABLE 0.
///
/// execve(2) sets dumpable again by itself; the limit is put back by `ckernel_exec_restore`.
void ckernel_exec_forbid_core_dump(void);

/// Makes SIGTERM, SIGINT and SIGHUP end the process at once with 128 + n, as PID 1 too, and a broken stderr harmless.
///
/// A signal that was inherited as ignored stays ignored.
void ckernel_exec_take_signals(void);

/// 1 where the process ignores that signal.
int ckernel_exec_is_ignored(int signal);

/// Puts back the limit, the dispositions of SIGPIPE, 32 and 33, and the signal mask, in this order; only after the two above.
///
/// Caught signals need nothing: execve(2) makes them default again.
void ckernel_exec_restore(void);

/// 0 where `path` is a regular file that the effective user may execute, else a negated errno.
int ckernel_exec_check_executable(const uint8_t *_Nonnull path);

/// 1 where `path` leads to a Unix socket.
int ckernel_exec_is_socket(const uint8_t *_Nonnull path);

/// Returns an errno: on success it does not return.
int ckernel_exec_replace(const uint8_t *_Nonnull path, uint8_t *_Nullable const *_Nonnull arguments,
                         uint8_t *_Nullable const *_Nonnull environment);

/// The soft RLIMIT_STACK in bytes, `UINT64_MAX` for unlimited.
uint64_t ckernel_exec_stack_limit(void);

/// Opens a file for reading, close-on-exec, and tells its permission bits.
///
/// Non-blocking, so that a FIFO without a writer is waited for by `ckernel_exec_read` and its deadline.
int ckernel_exec_open(const uint8_t *_Nonnull path, uint32_t *_Nonnull mode);

/// Connects to a Unix socket; the deadline also holds for every `ckernel_exec_send`. -EAGAIN: it has passed.
int ckernel_exec_connect(const uint8_t *_Nonnull path, int64_t deadline);

/// Sends all of a few kilobytes at once and without SIGPIPE; 0 or a negated errno.
int ckernel_exec_send(int fd, const void *_Nonnull bytes, size_t count);

/// Waits for bytes and reads some; 0 at the end, -ETIMEDOUT when the deadline has passed.
int64_t ckernel_exec_read(int fd, void *_Nonnull bytes, size_t count, int64_t deadline);

void ckernel_exec_close(int fd);

/// One write(2), whose failure nobody could be told.
void ckernel_exec_write(int fd, const void *_Nonnull bytes, size_t count);

/// Zeroed pages of the process's own; NULL where there is no memory.
void *_Nullable ckernel_exec_map(size_t count);

/// A file in memory that holds these bytes and can never be changed, open for reading in the process and in whatever it
/// becomes (memfd_create(2)); its descriptor, or a negated errno.
int ckernel_exec_sealed_file(const void *_Nullable bytes, size_t count);

/// Makes `path` a symbolic link to `target`, in place of one that an earlier start made; 0 or a negated errno.
int ckernel_exec_link(const uint8_t *_Nonnull path, const uint8_t *_Nonnull target);

/// At most 256 bytes of getrandom(2); 0 or a negated errno.
int ckernel_exec_random(void *_Nonnull bytes, size_t count);

/// gethostname(2), empty where there is none.
const uint8_t *_Nonnull ckernel_exec_host_name(void);

int64_t ckernel_exec_now(void);

void ckernel_exec_sleep(int64_t milliseconds);

/// The text for an errno, in English whatever the locale.
const uint8_t *_Nonnull ckernel_exec_error_text(int error);

_Noreturn void ckernel_exec_exit(int status);

#endif
