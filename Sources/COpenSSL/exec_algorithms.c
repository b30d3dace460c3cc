// SPDX-License-Identifier: Apache-2.0

#include "exec_algorithms.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <stddef.h>
#include <string.h>

// The library's own provider; the program is linked with it statically, but no header declares it.
OSSL_provider_init_fn ossl_default_provider_init;

// The first name of each algorithm that stays. A new cipher suite, group or signature has what it needs here, or is not
// offered.
static const char *const digests[] = {"SHA1", "SHA2-224", "SHA2-256", "SHA2-384", "SHA2-512", "SHAKE-256", NULL};
static const char *const ciphers[] = {
    "AES-256-ECB", "AES-256-CTR",                               // the random generator's
    "AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305",          // TLS 1.3, and what 1.2 prefers
    "AES-128-CBC", "AES-256-CBC",                               // TLS 1.2
    "AES-128-CBC-HMAC-SHA1", "AES-256-CBC-HMAC-SHA1",           // the same in one pass
    "AES-128-CBC-HMAC-SHA256", "AES-256-CBC-HMAC-SHA256", NULL, //
};
static const char *const codes[] = {"HMAC", NULL};
static const char *const derivations[] = {"HKDF", "TLS13-KDF", "TLS1-PRF", NULL};
static const char *const generators[] = {"CTR-DRBG", "SEED-SRC", NULL};
static const char *const keys[] = {"DH", "RSA", "RSA-PSS", "EC", "X25519", "X448", "ED25519", "ED448", "HMAC", NULL};
static const char *const exchanges[] = {"DH", "ECDH", "X25519", "X448", NULL};
static const char *const signatures[] = {"RSA", "ED25519", "ED448", "ECDSA", "HMAC", NULL};
static const char *const encryptions[] = {"RSA", NULL};
static const char *const decoders[] = {"EC", "ED25519", "ED448", "RSA", "RSA-PSS", "DER", NULL};

static struct choice {
    int operation;
    const char *const *names;
    // Made once: for a name that is not there the library asks each time.
    int is_made;
    OSSL_ALGORITHM chosen[24];
} choices[] = {
    {.operation = OSSL_OP_DIGEST, .names = digests},        {.operation = OSSL_OP_CIPHER, .names = ciphers},
    {.operation = OSSL_OP_MAC, .names = codes},             {.operation = OSSL_OP_KDF, .names = derivations},
    {.operation = OSSL_OP_RAND, .names = generators},       {.operation = OSSL_OP_KEYMGMT, .names = keys},
    {.operation = OSSL_OP_KEYEXCH, .names = exchanges},     {.operation = OSSL_OP_SIGNATURE, .names = signatures},
    {.operation = OSSL_OP_ASYM_CIPHER, .names = encryptions}, {.operation = OSSL_OP_DECODER, .names = decoders},
};

// What of `decoders` is left out where the client has no key: all but the public keys of certificates.
static int reads_keys;

static OSSL_FUNC_provider_query_operation_fn *query_all;
static OSSL_FUNC_provider_get_capabilities_fn *capabilities_of_all;

static int is_listed(const char *names, const char *const *list) {
    size_t length = strcspn(names, ":");
    for (; *list; list++)
        if (strncmp(*list, names, length) == 0 && (*list)[length] == 0) return 1;
    return 0;
}

static int is_wanted(const OSSL_ALGORITHM *algorithm, const struct choice *choice) {
    if (!is_listed(algorithm->algorithm_names, choice->names)) return 0;
    if (choice->operation != OSSL_OP_DECODER) return 1;
    const char *properties = algorithm->property_definition;
    if (strstr(properties, "structure=SubjectPublicKeyInfo")) return 1;
    return reads_keys && (strstr(properties, "PrivateKeyInfo") || strstr(properties, "structure=type-specific") ||
                          strstr(properties, "input=pem"));
}

static const OSSL_ALGORITHM *query(void *provider, int operation, int *is_uncached) {
    *is_uncached = 0;
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        struct choice *choice = &choices[i];
        if (choice->operation != operation) continue;
        if (choice->is_made) return choice->chosen;
        const OSSL_ALGORITHM *all = query_all(provider, operation, is_uncached);
        size_t count = 0, room = sizeof choice->chosen / sizeof *choice->chosen - 1;
        for (; all && all->algorithm_names && count < room; all++)
            if (is_wanted(all, choice)) choice->chosen[count++] = *all;
        choice->is_made = 1;
        return choice->chosen;
    }
    return NULL;
}

struct receiver {
    OSSL_CALLBACK *take;
    void *context;
};

// The groups that a client offers unless told otherwise (RFC 8446 section 4.2.7), which is what this one does.
static int take_group(const OSSL_PARAM group[], void *context) {
    const struct receiver *receiver = context;
    const OSSL_PARAM *number = OSSL_PARAM_locate_const(group, OSSL_CAPABILITY_TLS_GROUP_ID);
    unsigned int id = 0;
    if (!number || !OSSL_PARAM_get_uint(number, &id)) return 0;
    int is_offered = (id >= 23 && id <= 25) || id == 29 || id == 30 || (id >= 256 && id <= 260);
    return is_offered ? receiver->take(group, receiver->context) : 1;
}

static int get_capabilities(void *provider, const char *name, OSSL_CALLBACK *take, void *context) {
    struct receiver receiver = {take, context};
    if (strcmp(name, "TLS-GROUP") != 0) return capabilities_of_all(provider, name, take, context);
    return capabilities_of_all(provider, name, take_group, &receiver);
}

static int start_provider(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out,
                          void **provider) {
    static OSSL_DISPATCH functions[16];
    const OSSL_DISPATCH *all;
    if (!ossl_default_provider_init(handle, in, &all, provider)) return 0;
    size_t count = 0;
    for (; all->function_id != 0; all++) {
        if (count == sizeof functions / sizeof *functions - 1) return 0;
        OSSL_DISPATCH next = *all;
        if (next.function_id == OSSL_FUNC_PROVIDER_QUERY_OPERATION) {
            query_all = OSSL_FUNC_provider_query_operation(&next);
            next.function = (void (*)(void))query;
        } else if (next.function_id == OSSL_FUNC_PROVIDER_GET_CAPABILITIES) {
            capabilities_of_all = OSSL_FUNC_provider_get_capabilities(&next);
            next.function = (void (*)(void))get_capabilities;
        }
        functions[count++] = next;
    }
    *out = functions;
    return query_all && capabilities_of_all;
}

int exec_load_algorithms(int has_key) {
    static int is_loaded;
    if (is_loaded) return 1;
    reads_keys = has_key;
    is_loaded = OSSL_PROVIDER_add_builtin(NULL, "attache", start_provider) && OSSL_PROVIDER_load(NULL, "attache");
    return is_loaded;
}
