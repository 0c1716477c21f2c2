/* Many subscribers in one process, and the publishers: when did each subscriber read each event whole?
 *
 *   subscribers sse|ws PORT TARGET PUBLISH_PORT COUNT PUBLISHERS
 *
 * It opens COUNT streams, says "ready CONNECTS_PER_S" and then does what stdin says:
 *
 *   publish K WAIT_MS\n   then K times LENGTH\n and as many bytes: K requests, written at once, each on a
 *                         connection of its own.  The clock starts before the first byte is written.  The
 *                         answer is one line: FIRST MEDIAN P99 LAST (ms), the last of the publishers' own answers (ms), and
 *                         READ MISSED DOUBLED DISORDERED BYTES REFUSED
 *
 * An event counts if it is an alert, and not of a threat whose code begins with x; its number is what stands behind "seq": in it.  Doubled: a stream read
 * a number that is not above its last.  Disordered: not the number that the others read at this turn.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FDS = 65536, BUFFER = 1 << 20, EVENTS = 1024, AT_ONCE = 256, BURST = 64, ADDRESSES = 8 };
enum kind { NOTHING, CONNECTING, ASKED, STREAM, PUBLISHER };

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

struct stream {
    enum kind kind;
    int heard;       /* alerts in this round */
    long last;       /* the number of the last alert */
    size_t held;     /* bytes of an event that is not whole yet */
    char *rest;
};

static struct stream streams[FDS];
static int publishers[BURST], publisher_count, answered, refused;
static int poller, websocket, open_count, opening;
static char request[1024];
static int request_size;
static char buffer[BUFFER];

static long number[BURST]; /* the numbers of this round, in the order in which they came first */
static int asked;
static double *times, begun, acknowledged;
static long read_count, missed, doubled, disordered, bytes;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static int dial(int port, int from, int block) {
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | (block ? 0 : SOCK_NONBLOCK), 0);
    if (fd < 0 || fd >= FDS)
        fail("socket");
    struct linger gone = {.l_onoff = 1, .l_linger = 0}; /* no TIME_WAIT: the next round needs the ports */
    struct sockaddr_in here = {.sin_family = AF_INET}, there = {.sin_family = AF_INET, .sin_port = htons(port)};
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + from);
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &gone, sizeof gone);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&here, sizeof here) < 0)
        fail("bind");
    if (connect(fd, (struct sockaddr *)&there, sizeof there) < 0 && errno != EINPROGRESS)
        fail("connect");
    return fd;
}

static void watch(int fd, enum kind kind, unsigned what, int how) {
    struct epoll_event event = {.events = what, .data.fd = fd};
    streams[fd].kind = kind;
    if (epoll_ctl(poller, how, fd, &event) < 0)
        fail("epoll_ctl");
}

static void count_alert(struct stream *one, const char *text, size_t size, double at) {
    if (memmem(text, size, "\"threat\":\"x", 11))
        return;
    const char *found = memmem(text, size, "\"seq\":", 6);
    long seq = found ? strtol(found + 6, NULL, 10) : -1;
    bytes = size;
    if (seq <= one->last) {
        doubled++;
        return;
    }
    one->last = seq;
    int turn = one->heard++;
    if (turn >= asked) {
        doubled++;
        return;
    }
    if (number[turn] < 0)
        number[turn] = seq;
    if (number[turn] != seq)
        disordered++;
    times[read_count++] = at - begun;
}

/* Take what is whole; returns how many bytes that was. */
static size_t take_sse(struct stream *one, char *text, size_t size, double at) {
    size_t start = 0;
    char *end;
    while ((end = memmem(text + start, size - start, "\n\n", 2))) {
        size_t length = end + 2 - (text + start);
        if (memmem(text + start, length, "event: alert", 12))
            count_alert(one, text + start, length, at);
        start += length;
    }
    return start;
}

static size_t take_ws(struct stream *one, char *text, size_t size, double at) {
    size_t start = 0;
    while (size - start >= 2) {
        unsigned char *frame = (unsigned char *)text + start;
        size_t head = 2, length = frame[1] & 0x7f;
        if (length == 126)
            head = 4;
        else if (length == 127)
            head = 10;
        if (size - start < head)
            break;
        if (head > 2) {
            length = 0;
            for (size_t i = 2; i < head; i++)
                length = length << 8 | frame[i];
        }
        if (size - start < head + length)
            break;
        if (memmem(frame, head + length, "\"event\":\"alert\"", 15))
            count_alert(one, (char *)frame, head + length, at);
        start += head + length;
    }
    return start;
}

static void hear_stream(int fd) {
    struct stream *one = &streams[fd];
    if (one->held)
        memcpy(buffer, one->rest, one->held);
    ssize_t size = recv(fd, buffer + one->held, BUFFER - one->held, 0);
    if (size < 0 && errno == EAGAIN)
        return;
    if (size <= 0) {
        fprintf(stderr, "a stream was closed by the server\n");
        exit(1);
    }
    double at = now_ms();
    size_t whole = one->held + size, taken = 0;
    if (one->kind == ASKED) {
        char *end = memmem(buffer, whole, "\r\n\r\n", 4);
        if (end) {
            if (memcmp(buffer, websocket ? "HTTP/1.1 101" : "HTTP/1.1 200", 12) != 0) {
                fprintf(stderr, "refused: %.*s\n", 60, buffer);
                exit(1);
            }
            taken = end + 4 - buffer;
            one->kind = STREAM;
            open_count++;
            opening--;
        }
    }
    if (one->kind == STREAM)
        taken += (websocket ? take_ws : take_sse)(one, buffer + taken, whole - taken, at);
    one->held = whole - taken;
    if (one->held) {
        one->rest = realloc(one->rest, one->held);
        memcpy(one->rest, buffer + taken, one->held);
    } else if (one->rest) {
        free(one->rest);
        one->rest = NULL;
    }
}

static void hear_publisher(int fd) {
    ssize_t size = recv(fd, buffer, BUFFER, 0);
    if (size <= 0) {
        fprintf(stderr, "a publisher was closed by the server\n");
        exit(1);
    }
    for (char *at = buffer; (at = memmem(at, buffer + size - at, "HTTP/1.1 ", 9)); at += 9) {
        answered++;
        acknowledged = now_ms() - begun;
        if (at[9] != '2')
            refused++;
    }
}

/* Hear everybody for a time; returns whether stdin has something to say. */
static int hear(int wait_ms) {
    static struct epoll_event events[EVENTS];
    int told = 0, many = epoll_wait(poller, events, EVENTS, wait_ms);
    for (int i = 0; i < many; i++) {
        int fd = events[i].data.fd;
        if (fd == 0)
            told = 1;
        else if (streams[fd].kind == CONNECTING) {
            if (send(fd, request, request_size, MSG_NOSIGNAL) != request_size)
                fail("send");
            watch(fd, ASKED, EPOLLIN, EPOLL_CTL_MOD);
        } else if (streams[fd].kind == PUBLISHER)
            hear_publisher(fd);
        else
            hear_stream(fd);
    }
    return told;
}

static void open_streams(int port, int count) {
    int dialled = 0;
    double until = now_ms() + 120e3;
    while (open_count < count) {
        while (dialled < count && opening < AT_ONCE) {
            int fd = dial(port, dialled % ADDRESSES, 0);
            streams[fd].last = -1;
            watch(fd, CONNECTING, EPOLLOUT, EPOLL_CTL_ADD);
            dialled++;
            opening++;
        }
        hear(1000);
        if (now_ms() > until) {
            fprintf(stderr, "only %d of %d streams are open after 120 s\n", open_count, count);
            exit(1);
        }
    }
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void must_read(char *into, size_t size) {
    if (fread(into, 1, size, stdin) != size)
        exit(0);
}

static void publish(int count, int wait_ms) {
    char *what[BURST], line[32];
    size_t size[BURST];
    for (int i = 0; i < asked; i++) {
        if (!fgets(line, sizeof line, stdin))
            exit(0);
        size[i] = strtoul(line, NULL, 10);
        must_read(what[i] = malloc(size[i]), size[i]);
        number[i] = -1;
    }
    for (int fd = 0; fd < FDS; fd++)
        streams[fd].heard = 0;
    read_count = 0;
    answered = refused = 0;
    begun = now_ms();
    for (int i = 0; i < asked; i++)
        if (send(publishers[i % publisher_count], what[i], size[i], MSG_NOSIGNAL) != (ssize_t)size[i])
            fail("publish");
    while ((read_count < (long)count * asked || answered < asked) && now_ms() - begun < wait_ms)
        hear(100);
    missed += (long)count * asked - read_count;
    qsort(times, read_count, sizeof *times, by_size);
    if (read_count)
        printf("%.4f %.4f %.4f %.4f ", times[0], times[read_count / 2], times[read_count * 99 / 100],
            times[read_count - 1]);
    else
        printf("nan nan nan nan ");
    printf("%.4f %ld %ld %ld %ld %ld %d\n", acknowledged, read_count, missed, doubled, disordered, bytes, refused);
    fflush(stdout);
    for (int i = 0; i < asked; i++)
        free(what[i]);
}

int main(int argc, char **argv) {
    struct rlimit files;
    if (argc != 7)
        return 2;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    websocket = strcmp(argv[1], "ws") == 0;
    int count = atoi(argv[5]), wait_ms;
    publisher_count = atoi(argv[6]);
    request_size = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", argv[3],
        websocket ? "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                  : "Accept: text/event-stream\r\n");
    times = malloc(sizeof *times * BURST * count);
    poller = epoll_create1(0);
    double start = now_ms();
    open_streams(atoi(argv[2]), count);
    printf("ready %.0f\n", count / (now_ms() - start) * 1e3);
    fflush(stdout);
    for (int i = 0; i < publisher_count; i++) {
        publishers[i] = dial(atoi(argv[4]), 0, 1);
        watch(publishers[i], PUBLISHER, EPOLLIN, EPOLL_CTL_ADD);
    }
    setvbuf(stdin, NULL, _IOFBF, 1 << 16);
    watch(0, NOTHING, EPOLLIN, EPOLL_CTL_ADD);
    for (;;) {
        char line[64];
        if (!hear(-1))
            continue;
        if (!fgets(line, sizeof line, stdin) || sscanf(line, "publish %d %d", &asked, &wait_ms) != 2 || asked > BURST)
            return 0;
        publish(count, wait_ms);
    }
}
