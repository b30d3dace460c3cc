// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "exec_resolver.h"

#include <nss.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

// getaddrinfo(3) knows no deadline and cannot be interrupted, so it has a thread of its own. Where that is late it is
// left alone: execve(2) ends it, and until then it holds this.
struct lookup {
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    int is_over, is_abandoned, status;
    struct addrinfo *list;
    char port[8];
    char host[256];
};

static int look_up(const char *host, const char *port, int flags, struct addrinfo **list) {
    struct addrinfo hint = {.ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};
    return getaddrinfo(host, port, &hint, list);
}

static void discard(struct lookup *lookup) {
    if (lookup->list) freeaddrinfo(lookup->list);
    pthread_mutex_destroy(&lookup->mutex);
    pthread_cond_destroy(&lookup->ended);
    free(lookup);
}

static void *run(void *argument) {
    struct lookup *lookup = argument;
    struct addrinfo *list = NULL;
    int status = look_up(lookup->host, lookup->port, AI_ADDRCONFIG, &list);
    // AI_ADDRCONFIG hides loopback addresses where no other address is configured.
    if (status != 0) status = look_up(lookup->host, lookup->port, 0, &list);
    pthread_mutex_lock(&lookup->mutex);
    lookup->status = status;
    lookup->list = status == 0 ? list : NULL;
    lookup->is_over = 1;
    int is_abandoned = lookup->is_abandoned;
    pthread_cond_signal(&lookup->ended);
    pthread_mutex_unlock(&lookup->mutex);
    if (is_abandoned) discard(lookup);
    return NULL;
}

static int start(struct lookup *lookup) {
    // Signals are the first thread's: its handlers and its mask are what the program promises.
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pthread_t thread;
    int error = pthread_create(&thread, NULL, run, lookup);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (error == 0) pthread_detach(thread);
    return error;
}

int exec_resolve(const char *host, const char *port, int64_t deadline, struct addrinfo **list) {
    if (look_up(host, port, AI_NUMERICHOST, list) == 0) return 0;
    // Without it a static program loads whatever libraries an image names in nsswitch.conf(5), made for another libc.
    __nss_configure_lookup("hosts", "files dns");

    struct lookup *lookup = calloc(1, sizeof *lookup);
    if (!lookup) return EAI_MEMORY;
    if (strlen(host) >= sizeof lookup->host || strlen(port) >= sizeof lookup->port) {
        free(lookup);
        return EAI_NONAME;
    }
    strcpy(lookup->host, host);
    strcpy(lookup->port, port);
    pthread_mutex_init(&lookup->mutex, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&lookup->ended, &attributes);
    pthread_mutex_lock(&lookup->mutex);
    if (start(lookup) != 0) {
        pthread_mutex_unlock(&lookup->mutex);
        discard(lookup);
        return EAI_MEMORY;
    }
    struct timespec end = {.tv_sec = deadline / 1000, .tv_nsec = deadline % 1000 * 1000000};
    while (!lookup->is_over && pthread_cond_timedwait(&lookup->ended, &lookup->mutex, &end) == 0) {}
    int status = EAI_AGAIN, is_over = lookup->is_over;
    if (is_over) {
        status = lookup->status;
        *list = lookup->list;
        lookup->list = NULL;
    }
    lookup->is_abandoned = !is_over;
    pthread_mutex_unlock(&lookup->mutex);
    if (is_over) discard(lookup);
    return status;
}
