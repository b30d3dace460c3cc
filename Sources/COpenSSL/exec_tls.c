// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "CKernel.h"
#include "exec_algorithms.h"
#include "exec_resolver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct ckernel_exec_tls_stream {
    const struct ckernel_exec_tls_server *server; // while it is opened
    struct ckernel_exec_fault unread;             // why there are no authorities, where there are none
    enum { NOT_YET, LOADED, UNREAD } authorities;
    SSL_CTX *context;
    SSL *connection;
    struct addrinfo *addresses;
    int fd;
};

// Where distributions keep their authorities; the first that is there counts.
static const char *const stores[] = {
    "/etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, Alpine, Arch
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // Fedora, RHEL
    "/etc/pki/tls/certs/ca-bundle.crt",                  // older RHEL
    "/etc/ssl/ca-bundle.pem",                            // openSUSE
    "/etc/ssl/cert.pem",                                 // Alpine without the package, BSD
};

// The library's texts; no header declares the functions, and the public ones load nothing once it was left out.
int ossl_err_load_crypto_strings(void);
int ossl_err_load_SSL_strings(void);

// The reason of an error, and none of its data: that may hold what a peer or a file wrote.
static const uint8_t *text_of(unsigned long error) {
    ossl_err_load_crypto_strings();
    ossl_err_load_SSL_strings();
    const char *text = ERR_reason_error_string(error);
    ERR_clear_error();
    return (const uint8_t *)(text ? text : "the connection ended");
}

static const uint8_t *newest_reason(void) { return text_of(ERR_peek_last_error()); }

static const uint8_t *last_reason = (const uint8_t *)"";

static const uint8_t *reason(void) { return last_reason; }

static int fail(struct ckernel_exec_fault *fault, enum ckernel_exec_fault_kind kind, int error, const uint8_t *text) {
    *fault = (struct ckernel_exec_fault){.kind = kind, .error = error, .text = text};
    return 0;
}

// A key with a passphrase is refused; without this the library would ask on the terminal.
static int no_passphrase(char *buffer, int size, int writing, void *nothing) {
    (void)buffer, (void)size, (void)writing, (void)nothing;
    return 0;
}

// Says what the system says of a file, which the library does not.
static int is_readable(const uint8_t *path, enum ckernel_exec_fault_kind kind, struct ckernel_exec_fault *fault) {
    return access((const char *)path, R_OK) == 0 || fail(fault, kind, errno, path);
}

// Before anything is asked of the network, since this costs nothing and is what is wrong most often.
static int has_files(const struct ckernel_exec_tls_server *server, struct ckernel_exec_fault *fault) {
    return (!server->authorities || is_readable(server->authorities, CKERNEL_EXEC_FAULT_AUTHORITIES, fault)) &&
           (!server->certificate || is_readable(server->certificate, CKERNEL_EXEC_FAULT_CLIENT, fault)) &&
           (!server->certificate || !server->key || is_readable(server->key, CKERNEL_EXEC_FAULT_CLIENT, fault));
}

static int load_authorities(SSL_CTX *context, const struct ckernel_exec_tls_server *server,
                            struct ckernel_exec_fault *fault) {
    if (server->authorities) {
        if (SSL_CTX_load_verify_file(context, (const char *)server->authorities) == 1) return 1;
        return fail(fault, CKERNEL_EXEC_FAULT_AUTHORITIES, 0, newest_reason());
    }
    for (size_t i = 0; i < sizeof stores / sizeof *stores; i++)
        if (access(stores[i], R_OK) == 0 && SSL_CTX_load_verify_file(context, stores[i]) == 1) return 1;
    ERR_clear_error();
    return fail(fault, CKERNEL_EXEC_FAULT_AUTHORITIES, 0, NULL);
}

// Once, while there is time to spare, and at the latest when a certificate is to be verified.
static int has_authorities(struct ckernel_exec_tls_stream *stream) {
    if (stream->authorities == NOT_YET) {
        stream->authorities = load_authorities(stream->context, stream->server, &stream->unread) ? LOADED : UNREAD;
        // The library would take what reading them left for errors of the connection.
        ERR_clear_error();
    }
    return stream->authorities == LOADED;
}

static int verify(X509_STORE_CTX *chain, void *stream) {
    if (has_authorities(stream)) return X509_verify_cert(chain);
    X509_STORE_CTX_set_error(chain, X509_V_ERR_UNSPECIFIED);
    return 0;
}

static int load_client(SSL_CTX *context, const struct ckernel_exec_tls_server *server, struct ckernel_exec_fault *fault) {
    if (!server->certificate) return 1;
    const uint8_t *key = server->key ? server->key : server->certificate;
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
    if (SSL_CTX_use_certificate_chain_file(context, (const char *)server->certificate) == 1 &&
        SSL_CTX_use_PrivateKey_file(context, (const char *)key, SSL_FILETYPE_PEM) == 1 &&
        SSL_CTX_check_private_key(context) == 1)
        return 1;
    // The first error says what is wrong, those after it where.
    return fail(fault, CKERNEL_EXEC_FAULT_CLIENT, 0, text_of(ERR_peek_error()));
}

// What the server's certificate must be for. An address is not sent as a server name (RFC 6066 section 3).
static int expect_host(SSL *connection, const char *host) {
    struct in6_addr address;
    if (inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), host);
    SSL_set_hostflags(connection, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(connection, host) == 1 && SSL_set_tlsext_host_name(connection, host) == 1;
}

static int start_library(int has_key) {
    // No configuration file: an image's own could load engines and lower what is accepted. Nor the tables of every name that
    // ciphers and digests ever had, which take longer than a handshake: only certificates are asked for theirs, by these.
    // Nor the texts of errors, as long as there is none.
    uint64_t wanted = OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ADD_ALL_CIPHERS | OPENSSL_INIT_NO_ADD_ALL_DIGESTS |
                      OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS;
    return OPENSSL_init_crypto(wanted, NULL) == 1 && EVP_add_digest(EVP_sha256()) == 1 &&
           EVP_add_digest(EVP_sha384()) == 1 && EVP_add_digest(EVP_sha512()) == 1 &&
           OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_SSL_STRINGS, NULL) == 1 &&
           exec_load_algorithms(has_key) == 1;
}

static int prepare(struct ckernel_exec_tls_stream *stream, const struct ckernel_exec_tls_server *server,
                   struct ckernel_exec_fault *fault) {
    if (start_library(server->certificate != NULL) == 1) stream->context = SSL_CTX_new(TLS_client_method());
    SSL_CTX *context = stream->context;
    if (!context || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1)
        return fail(fault, CKERNEL_EXEC_FAULT_PROTOCOL, 0, newest_reason());
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(context, verify, stream);
    // The answer has a length; a missing farewell after it takes nothing away.
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    // The answer comes in few records; it is read with as few calls.
    SSL_CTX_set_read_ahead(context, 1);
    if (!load_client(context, server, fault)) return 0;

    static const unsigned char protocols[] = "\x08http/1.1";
    stream->connection = SSL_new(context);
    if (!stream->connection || SSL_set_alpn_protos(stream->connection, protocols, sizeof protocols - 1) != 0 ||
        !expect_host(stream->connection, (const char *)server->host))
        return fail(fault, CKERNEL_EXEC_FAULT_PROTOCOL, 0, newest_reason());
    return 1;
}

// Sets out for the first address and waits for nothing but the name.
static int set_out(struct ckernel_exec_tls_stream *stream, const struct ckernel_exec_tls_server *server, int64_t deadline,
                   struct ckernel_exec_fault *fault) {
    int status = exec_resolve((const char *)server->host, (const char *)server->port, deadline, &stream->addresses);
    if (status != 0) return fail(fault, CKERNEL_EXEC_FAULT_NAME, status, (const uint8_t *)gai_strerror(status));
    stream->fd = ckernel_exec_begin_connect(stream->addresses->ai_addr, stream->addresses->ai_addrlen);
    return 1;
}

// Every address in turn, each with its share of the time that is left.
static int arrive(struct ckernel_exec_tls_stream *stream, int64_t deadline, struct ckernel_exec_fault *fault) {
    int count = 0;
    for (struct addrinfo *next = stream->addresses; next; next = next->ai_next) count++;
    for (struct addrinfo *next = stream->addresses; next; next = next->ai_next, count--) {
        if (next != stream->addresses) stream->fd = ckernel_exec_begin_connect(next->ai_addr, next->ai_addrlen);
        int64_t now = ckernel_exec_now();
        if (stream->fd >= 0) stream->fd = ckernel_exec_end_connect(stream->fd, now + (deadline - now) / count);
        if (stream->fd >= 0) return 1;
    }
    return fail(fault, CKERNEL_EXEC_FAULT_SYSTEM, -stream->fd, NULL);
}

// Waits for what the library wants after a call that returned `result`: 0 to call again, else a negated errno.
static int wait_for(struct ckernel_exec_tls_stream *stream, int result, int64_t deadline) {
    int system = errno;
    switch (SSL_get_error(stream->connection, result)) {
    case SSL_ERROR_WANT_READ: return ckernel_exec_wait(stream->fd, POLLIN, deadline);
    case SSL_ERROR_WANT_WRITE: return ckernel_exec_wait(stream->fd, POLLOUT, deadline);
    case SSL_ERROR_ZERO_RETURN: return -ECONNRESET;
    case SSL_ERROR_SYSCALL: return ERR_peek_error() == 0 ? -(system ? system : ECONNRESET) : -EPROTO;
    default: return -EPROTO;
    }
}

static int shake_hands(struct ckernel_exec_tls_stream *stream, int64_t deadline, struct ckernel_exec_fault *fault) {
    SSL *connection = stream->connection;
    if (SSL_set_fd(connection, stream->fd) != 1) return fail(fault, CKERNEL_EXEC_FAULT_PROTOCOL, 0, newest_reason());
    for (;;) {
        ERR_clear_error();
        errno = 0;
        int result = SSL_connect(connection);
        if (result == 1) return 1;
        // Read while the server makes its flight.
        if (stream->authorities == NOT_YET && SSL_get_error(connection, result) == SSL_ERROR_WANT_READ &&
            has_authorities(stream))
            continue;
        if (stream->authorities == UNREAD) break;
        int error = wait_for(stream, result, deadline);
        if (error == 0) continue;
        long verdict = SSL_get_verify_result(connection);
        if (error == -EPROTO && verdict != X509_V_OK) {
            const char *text = X509_verify_cert_error_string(verdict);
            return fail(fault, CKERNEL_EXEC_FAULT_CERTIFICATE, (int)verdict, (const uint8_t *)text);
        }
        if (error == -EPROTO) return fail(fault, CKERNEL_EXEC_FAULT_PROTOCOL, 0, newest_reason());
        return fail(fault, CKERNEL_EXEC_FAULT_SYSTEM, -error, NULL);
    }
    *fault = stream->unread;
    return 0;
}

static void close_stream(struct ckernel_exec_tls_stream *stream) {
    SSL_free(stream->connection);
    SSL_CTX_free(stream->context);
    if (stream->addresses) freeaddrinfo(stream->addresses);
    if (stream->fd >= 0) close(stream->fd);
    free(stream);
}

static struct ckernel_exec_tls_stream *open_stream(const struct ckernel_exec_tls_server *server, int64_t deadline,
                                                 struct ckernel_exec_fault *fault) {
    if (!has_files(server, fault)) return NULL;
    struct ckernel_exec_tls_stream *stream = calloc(1, sizeof *stream);
    if (!stream) {
        fail(fault, CKERNEL_EXEC_FAULT_SYSTEM, ENOMEM, NULL);
        return NULL;
    }
    stream->fd = -1;
    stream->server = server;
    // The server takes the connection while the library starts. What is wrong here is told before what is wrong there.
    struct ckernel_exec_fault unreached;
    int is_out = set_out(stream, server, deadline, &unreached);
    if (prepare(stream, server, fault)) {
        if (!is_out || !arrive(stream, deadline, &unreached)) {
            *fault = has_authorities(stream) ? unreached : stream->unread;
        } else if (shake_hands(stream, deadline, fault)) {
            return stream;
        }
    }
    close_stream(stream);
    return NULL;
}

static int send_all(struct ckernel_exec_tls_stream *stream, const void *bytes, size_t count, int64_t deadline) {
    for (;;) {
        size_t sent = 0;
        ERR_clear_error();
        errno = 0;
        // Without SSL_MODE_ENABLE_PARTIAL_WRITE it is all or nothing.
        int result = SSL_write_ex(stream->connection, bytes, count, &sent);
        if (result == 1) return 0;
        int error = wait_for(stream, result, deadline);
        if (error == -EPROTO) last_reason = newest_reason();
        if (error != 0) return error;
    }
}

static int64_t read_some(struct ckernel_exec_tls_stream *stream, void *bytes, size_t count, int64_t deadline) {
    for (;;) {
        size_t got = 0;
        ERR_clear_error();
        errno = 0;
        int result = SSL_read_ex(stream->connection, bytes, count, &got);
        if (result == 1) return (int64_t)got;
        if (SSL_get_error(stream->connection, result) == SSL_ERROR_ZERO_RETURN) return 0;
        int error = wait_for(stream, result, deadline);
        if (error == -EPROTO) last_reason = newest_reason();
        if (error != 0) return error;
    }
}

static const struct ckernel_exec_tls library = {
    .open = open_stream, .send = send_all, .read = read_some, .reason = reason, .close = close_stream};

__attribute__((constructor)) static void fill_slot(void) { ckernel_exec_tls_link(&library); }
