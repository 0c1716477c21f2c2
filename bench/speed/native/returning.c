/* Readers of server-sent events that are all cut off at once and come back: has any of them missed anything?
 *
 *   returning PORT TARGET COUNT
 *
 * It opens COUNT streams, says "ready" and then does what stdin says, one line each, one answer each:
 *
 *   hear MS           hear everybody for so long
 *   cut MS            close every stream at once, and open them again spread over so long, each with the id
 *                     of the event that it heard last; ends when all are open
 *   count             HEARD GAPS DOUBLED RESETS LEAST MOST: alerts, and how many the readers lack that heard
 *                     least and most of all that anybody heard
 *
 * All read one stream: what one reader hears behind a number is what every other hears behind it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { READERS = 32768, BUFFER = 1 << 20, EVENTS = 1024, AT_ONCE = 512, ALERTS = 1 << 20, ID = 96, ADDRESSES = 8 };
enum state { AWAY, CONNECTING, ASKED, STREAM };

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

struct reader {
    int fd;
    enum state state;
    long at;        /* the place of its last alert among all that anybody heard; -1: none yet */
    char id[ID];    /* of the event that it heard last */
    size_t held;
    char *rest;
};

static struct reader readers[READERS];
static int of_fd[65536];
static long all[ALERTS], many, heard, gaps, doubled, resets;
static int poller, port, count, open_count, opening;
static const char *target;
static char buffer[BUFFER];

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static void dial(int which) {
    struct reader *one = &readers[which];
    int one_ = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0)
        fail("socket");
    struct linger gone = {.l_onoff = 1, .l_linger = 0}; /* cut off, not said good-bye */
    struct sockaddr_in here = {.sin_family = AF_INET}, there = {.sin_family = AF_INET, .sin_port = htons(port)};
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + which % ADDRESSES);
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &gone, sizeof gone);
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one_, sizeof one_);
    if (bind(fd, (struct sockaddr *)&here, sizeof here) < 0)
        fail("bind");
    if (connect(fd, (struct sockaddr *)&there, sizeof there) < 0 && errno != EINPROGRESS)
        fail("connect");
    struct epoll_event event = {.events = EPOLLOUT, .data.fd = fd};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) < 0)
        fail("epoll_ctl");
    of_fd[fd] = which;
    one->fd = fd;
    one->state = CONNECTING;
    one->held = 0;
    opening++;
}

static void asks(struct reader *one) {
    char request[512], resume[ID + 32] = "";
    if (one->id[0])
        snprintf(resume, sizeof resume, "Last-Event-ID: %s\r\n", one->id);
    int size = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n%s\r\n",
        target, resume);
    if (send(one->fd, request, size, MSG_NOSIGNAL) != size)
        fail("send");
    struct epoll_event event = {.events = EPOLLIN, .data.fd = one->fd};
    if (epoll_ctl(poller, EPOLL_CTL_MOD, one->fd, &event) < 0)
        fail("epoll_ctl");
    one->state = ASKED;
}

static void alert(struct reader *one, long seq) {
    heard++;
    if (one->at >= 0 && seq <= all[one->at]) {
        doubled++;
        return;
    }
    long next = one->at + 1;
    if (one->at < 0) /* it begins in the middle */
        for (next = many; next > 0 && all[next - 1] >= seq;)
            next--;
    if (next == many)
        all[many++] = seq;
    else if (all[next] != seq) {
        gaps++;
        while (next + 1 < many && all[next] < seq)
            next++;
    }
    if (many == ALERTS)
        exit(3);
    one->at = next;
}

static void event(struct reader *one, char *text, size_t size) {
    char *id = memmem(text, size, "id: ", 4), *end;
    if (id && (id == text || id[-1] == '\n') && (end = memchr(id, '\n', text + size - id)) && end - id - 4 < ID) {
        memcpy(one->id, id + 4, end - id - 4);
        one->id[end - id - 4] = 0;
    }
    if (memmem(text, size, "event: reset", 12))
        resets++;
    char *seq;
    if (memmem(text, size, "event: alert", 12) && (seq = memmem(text, size, "\"seq\":", 6)))
        alert(one, strtol(seq + 6, NULL, 10));
}

static void hears(struct reader *one) {
    if (one->held)
        memcpy(buffer, one->rest, one->held);
    ssize_t size = recv(one->fd, buffer + one->held, BUFFER - one->held, 0);
    if (size < 0 && errno == EAGAIN)
        return;
    if (size <= 0) {
        fprintf(stderr, "a stream was closed by the server\n");
        exit(1);
    }
    size_t whole = one->held + size, taken = 0;
    char *end;
    if (one->state == ASKED && (end = memmem(buffer, whole, "\r\n\r\n", 4))) {
        if (memcmp(buffer, "HTTP/1.1 200", 12) != 0) {
            fprintf(stderr, "refused: %.*s\n", 60, buffer);
            exit(1);
        }
        taken = end + 4 - buffer;
        one->state = STREAM;
        open_count++;
        opening--;
    }
    if (one->state == STREAM)
        while ((end = memmem(buffer + taken, whole - taken, "\n\n", 2))) {
            event(one, buffer + taken, end + 2 - (buffer + taken));
            taken = end + 2 - buffer;
        }
    one->held = whole - taken;
    if (one->held) {
        one->rest = realloc(one->rest, one->held);
        memcpy(one->rest, buffer + taken, one->held);
    }
}

static int hear(int wait_ms) {
    static struct epoll_event events[EVENTS];
    int told = 0, some = epoll_wait(poller, events, EVENTS, wait_ms);
    for (int i = 0; i < some; i++) {
        int fd = events[i].data.fd;
        if (fd == 0)
            told = 1;
        else if (readers[of_fd[fd]].state == CONNECTING)
            asks(&readers[of_fd[fd]]);
        else
            hears(&readers[of_fd[fd]]);
    }
    return told;
}

static void open_all(double over_ms) {
    double begun = now_ms();
    for (int dialled = 0; open_count < count;) {
        double share = over_ms > 0 ? (now_ms() - begun) / over_ms : 1;
        while (dialled < count && opening < AT_ONCE && dialled <= share * count)
            dial(dialled++);
        hear(dialled < count ? 1 : 1000);
        if (now_ms() - begun > 60e3) {
            fprintf(stderr, "only %d of %d streams are open after 60 s\n", open_count, count);
            exit(1);
        }
    }
}

static void cut(void) {
    for (int i = 0; i < count; i++) {
        close(readers[i].fd);
        readers[i].state = AWAY;
    }
    open_count = 0;
}

static void tell_count(void) {
    long least = many, most = 0;
    for (int i = 0; i < count; i++) {
        long lacks = many - 1 - readers[i].at;
        least = lacks < least ? lacks : least;
        most = lacks > most ? lacks : most;
    }
    printf("%ld %ld %ld %ld %ld %ld\n", heard, gaps, doubled, resets, most, least);
}

int main(int argc, char **argv) {
    struct rlimit files;
    char line[64];
    int ms;
    if (argc != 4 || atoi(argv[3]) > READERS)
        return 2;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    port = atoi(argv[1]), target = argv[2], count = atoi(argv[3]);
    poller = epoll_create1(0);
    for (int i = 0; i < count; i++)
        readers[i].at = -1;
    open_all(0);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("ready\n");
    struct epoll_event event = {.events = EPOLLIN, .data.fd = 0};
    epoll_ctl(poller, EPOLL_CTL_ADD, 0, &event);
    for (;;) {
        if (!hear(-1))
            continue;
        if (!fgets(line, sizeof line, stdin))
            return 0;
        double begun = now_ms();
        if (sscanf(line, "hear %d", &ms) == 1) {
            while (now_ms() - begun < ms)
                hear(20);
            printf("heard\n");
        } else if (sscanf(line, "cut %d", &ms) == 1) {
            cut();
            open_all(ms);
            printf("%.0f\n", now_ms() - begun);
        } else if (strncmp(line, "count", 5) == 0)
            tell_count();
        else
            return 2;
    }
}
