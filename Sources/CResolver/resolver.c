// SPDX-License-Identifier: Apache-2.0

#include "CResolver.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>

/// Appends the addresses of one type to the `count` that are there; returns how many there are then, or -1.
static int ask(res_state state, const char *name, ns_type type, struct cresolver_address *addresses, int count,
               int room) {
    unsigned char answer[16 << 10];
    int length = res_nquery(state, name, ns_c_in, type, answer, (int)sizeof answer);
    if (length < 0) return state->res_h_errno == HOST_NOT_FOUND || state->res_h_errno == NO_DATA ? count : -1;
    // The kernel's copy ends with the buffer, whatever length the server claims.
    if ((size_t)length > sizeof answer) return -1;
    ns_msg message;
    if (ns_initparse(answer, length, &message) != 0) return -1;
    uint16_t size = type == ns_t_a ? 4 : 16;
    for (int index = 0; index < ns_msg_count(message, ns_s_an); index++) {
        ns_rr record;
        if (ns_parserr(&message, ns_s_an, index, &record) != 0) return -1;
        // Aliases stand before the addresses that they lead to.
        if (ns_rr_type(record) != type || ns_rr_rdlen(record) != size) continue;
        // One that is left out would not be checked.
        if (count == room) return -1;
        addresses[count].length = (uint8_t)size;
        memcpy(addresses[count].bytes, ns_rr_rdata(record), size);
        count++;
    }
    return count;
}

int cresolver_look_up(const char *name, const uint8_t server[4], uint16_t port, struct cresolver_address *addresses,
                      size_t room) {
    struct __res_state state;
    memset(&state, 0, sizeof state);
    if (res_ninit(&state) != 0) return -1;
    state.nscount = 1;
    state.nsaddr_list[0].sin_family = AF_INET;
    state.nsaddr_list[0].sin_port = htons(port);
    memcpy(&state.nsaddr_list[0].sin_addr, server, 4);
    state.retrans = 2;
    state.retry = 2;
    // The name is a whole one, whatever domain the machine is in.
    state.options &= ~(unsigned long)(RES_DNSRCH | RES_DEFNAMES);
    int count = ask(&state, name, ns_t_a, addresses, 0, (int)room);
    if (count >= 0) count = ask(&state, name, ns_t_aaaa, addresses, count, (int)room);
    res_nclose(&state);
    return count;
}
