// SPDX-License-Identifier: Apache-2.0
//
// The system calls of attache-exec that reads along: terminals of its own, and the settings of the one it stands on.
// The rules of exec_syscalls.h hold here too.

#ifndef CKERNEL_MASK_SYSCALLS_H
#define CKERNEL_MASK_SYSCALLS_H

#include <stddef.h>
#include <stdint.h>

/// 1 where the descriptor is a terminal.
int ckernel_mask_is_terminal(int fd);

/// 1 where both descriptors are open and lead to the same file, pipe or terminal.
int ckernel_mask_is_same(int fd, int other);

/// Opens a terminal with the settings and the size of `like`: 0, or a negated errno.
///
/// `ends` gets the side that this process reads, which never blocks, and the side of the command. Where `is_plain` is not
/// 0, bytes pass as they are: the terminal that they come to in the end does what its settings say.
int ckernel_mask_open_terminal(int like, int is_plain, int *_Nonnull ends);

/// Makes the calling child the leader of a session that has this terminal.
void ckernel_mask_lead(int terminal);

/// What the supervisor tells those that stand between the command and its terminal; each answers with the same byte.
enum ckernel_mask_order {
    /// The command has ended.
    CKERNEL_MASK_END = 1,
    /// The command has stopped, and somebody else has the terminal.
    CKERNEL_MASK_PAUSE = 2,
    /// The terminal is the command's again.
    CKERNEL_MASK_RESUME = 3,
};

/// Where orders come from, and where the answers go.
typedef struct {
    int reading;
    int told;
} ckernel_mask_pipe;

/// Gives the calling child, a session's leader, what a command has under a shell: somebody who could continue it.
///
/// Without it the kernel ignores the stop keys in such a session. Two processes of the wrapper's own stay beside the command,
/// one of them in its process group, until it is told the end, or nobody is left to tell it; told that the command has
/// stopped, it takes the foreground of `terminal`, and gives it back with the resumption.
void ckernel_mask_join(int terminal, ckernel_mask_pipe orders);

/// The key that stops what is in the foreground of the terminal now; -1 where no key signals.
int ckernel_mask_stop_key(int terminal);

/// Gives `to` the size of `from`; the kernel tells the processes of `to`.
void ckernel_mask_copy_size(int from, int to);

/// Lets keys of the terminal come as bytes, each at once and unseen; only in its foreground. A second call keeps what the
/// first one found.
void ckernel_mask_take_keys(int terminal);

/// Puts back what the function above has changed.
void ckernel_mask_give_keys_back(int terminal);

/// Makes `fd` the process's `number`th descriptor, open in what it becomes.
void ckernel_mask_place(int fd, int number);

/// Reads what is there: 0 at the end, also of a terminal that nobody has open any more; or a negated errno.
int64_t ckernel_mask_read(int fd, void *_Nonnull bytes, size_t count);

/// write(2): how many bytes were taken, or a negated errno.
int64_t ckernel_mask_write(int fd, const void *_Nonnull bytes, size_t count);

#endif
