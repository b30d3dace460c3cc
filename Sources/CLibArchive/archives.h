// SPDX-License-Identifier: Apache-2.0
//
// libarchive reads every container; zlib checks the checksums of gzip, which libarchive 3.6 passes over.
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <zlib.h>

// libarchive 3.6 ends the process where a path cannot be converted while errno is ENOMEM, whoever has left it there.

static inline int clibarchive_next_header(struct archive *archive, struct archive_entry **entry) {
    errno = 0;
    return archive_read_next_header(archive, entry);
}

static inline const char *clibarchive_pathname(struct archive_entry *entry) {
    errno = 0;
    return archive_entry_pathname(entry);
}

static inline const char *clibarchive_hardlink(struct archive_entry *entry) {
    errno = 0;
    return archive_entry_hardlink(entry);
}

static inline const char *clibarchive_symlink(struct archive_entry *entry) {
    errno = 0;
    return archive_entry_symlink(entry);
}
