// SPDX-License-Identifier: Apache-2.0
//
// Which algorithms of the library this program has.

#ifndef EXEC_ALGORITHMS_H
#define EXEC_ALGORITHMS_H

/// Makes the algorithms that a connection can come to use the library's only ones, in this process; 1, or 0 with the
/// library's error.
///
/// Call it before anything else asks the library for an algorithm: from then on it would have them all. `has_key` is for a
/// client that has a key of its own to read. A second call changes nothing.
int exec_load_algorithms(int has_key);

#endif
