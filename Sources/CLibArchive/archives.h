// SPDX-License-Identifier: Apache-2.0
//
// libarchive reads every container; zlib checks the checksums of gzip, which libarchive 3.6 passes over.
#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>
