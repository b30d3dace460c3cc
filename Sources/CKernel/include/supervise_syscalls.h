// SPDX-License-Identifier: Apache-2.0
//
// The system calls of attache-exec that stays: signals taken as data, children, the terminal, memory files.
// The rules of exec_syscalls.h hold here too.

#ifndef CKERNEL_SUPERVISE_SYSCALLS_H
#define CKERNEL_SUPERVISE_SYSCALLS_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

/// One signal that was taken (sigwaitinfo(2)); `number` is 0 where none came in time.
typedef struct {
    int number;
    /// Above 0 for one that the kernel made, such as a terminal's; 0 or below for one that a process sent.
    int code;
    /// What sigqueue(3) sent along.
    void *_Nullable value;
} ckernel_signal;

/// What waitpid(2) told; `pid` is 0 where nothing was left to tell.
typedef struct {
    int pid;
    /// The exit code, where it ended by itself; -1 otherwise.
    int code;
    /// The signal that ended it, or 0.
    int signal;
    /// The signal that stopped it, or 0: it has not ended.
    int stop;
} ckernel_child;

/// Blocks every signal, SIGSEGV and its like included, and lets children be waited for whatever was inherited.
///
/// The kernel ends a process whose fault is blocked, so nothing is hidden by it.
void ckernel_supervise_begin(void);

/// Takes the next signal; waits until the deadline, or for ever with INT64_MAX.
///
/// A SIGPIPE that this process's own write has raised is none.
ckernel_signal ckernel_supervise_wait(int64_t deadline);

/// Sends a signal on, with its value where it has one.
void ckernel_supervise_send(int pid, ckernel_signal signal);

/// kill(2); a negative pid is a process group.
void ckernel_supervise_kill(int pid, int signal);

/// What has become of any child, without waiting.
ckernel_child ckernel_supervise_reap(void);

/// Waits for the end of one child until the deadline; 0 where it has not ended by then.
int ckernel_supervise_reap_one(int pid, int64_t deadline);

/// fork(2); a negated errno where there is no child.
int ckernel_supervise_fork(void);

/// Makes the calling child the leader of a process group, in the foreground of `terminal` unless that is -1, and puts
/// back what `ckernel_supervise_begin` changed but for the mask.
void ckernel_supervise_lead(int terminal);

/// The same from the parent's side, since either may be first.
void ckernel_supervise_give_terminal(int terminal, int pid);

/// Takes the foreground of a terminal back.
void ckernel_supervise_take_terminal(int terminal);

/// The descriptor, 0 to 2, of the terminal whose foreground the process is in; -1 where there is none.
int ckernel_supervise_terminal(void);

/// Whether somebody could continue this process once it has stopped: a parent in another group of the same session.
int ckernel_supervise_may_stop(void);

/// Stops the process until somebody continues it, by the signal that has stopped the command.
void ckernel_supervise_stop(int signal);

/// Makes the calling child end with its parent, out of reach of the terminal's signals; -1 where the parent is gone.
int ckernel_supervise_serve(int parent);

int ckernel_supervise_pid(void);

/// Ends as a signal ends a process; as PID 1, which no signal ends, with 128 + n.
_Noreturn void ckernel_supervise_die(int signal);

/// Both ends of a pipe, close-on-exec; 0 or a negated errno.
int ckernel_supervise_pipe(int *_Nonnull ends);

/// The number of a signal by its name, with or without SIG, or by its decimal number; 0 where there is none.
int ckernel_supervise_signal_number(const uint8_t *_Nonnull name, size_t count);

/// A file in memory, close-on-exec (memfd_create(2)); a negated errno where there is none.
int ckernel_supervise_memory_file(const uint8_t *_Nonnull name);

/// Writes all; 0 or a negated errno.
int ckernel_supervise_write_all(int fd, const void *_Nonnull bytes, size_t count);

/// Forbids every later change to the file and to its size.
int ckernel_supervise_seal(int fd);

/// Maps a whole memory file for reading; NULL where it is empty or cannot be mapped.
const void *_Nullable ckernel_supervise_map_file(int fd, size_t *_Nonnull count);

/// A zeroed page that children share.
void *_Nullable ckernel_supervise_shared_page(void);

#endif
