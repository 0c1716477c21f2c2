/* The limit of fan-out on this machine: a server that only calls send() in a loop.
 *
 *   loop STREAM_PORT PUBLISH_PORT
 *
 * Whoever asks anything at the first port becomes a stream.  The body of each POST at the second port is
 * sent as it is to every stream, then answered.  Nothing is parsed but Content-Length, nothing is kept, and
 * what a socket does not take at once is lost: no server that does its duty can do less.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FDS = 65536, REQUEST = 65536, EVENTS = 1024 };
enum kind { NOTHING, STREAMS, PUBLISHERS, ASKING, STREAM, PUBLISHER };

static unsigned char kind[FDS];
static int streams[FDS], place[FDS], count; /* the streams, and where each stands among them */
static char *waiting[FDS];                  /* what a publisher has sent of its request */
static size_t held[FDS];
static int poller;

static const char head[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n";
static const char thanks[] = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void watch(int fd, enum kind what) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    kind[fd] = what;
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) < 0)
        fail("epoll_ctl");
}

static void listen_at(int port, enum kind what) {
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 4096) < 0)
        fail("listen");
    watch(fd, what);
}

static void forget(int fd) {
    if (kind[fd] == STREAM) {
        int last = streams[--count];
        streams[place[fd]] = last;
        place[last] = place[fd];
    }
    free(waiting[fd]);
    waiting[fd] = NULL;
    held[fd] = 0;
    kind[fd] = NOTHING;
    close(fd);
}

static void take_in(int listener, enum kind what) {
    int one = 1, fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fd >= FDS) {
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        watch(fd, what);
    }
}

static void open_stream(int fd) {
    send(fd, head, sizeof head - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    kind[fd] = STREAM;
    place[fd] = count;
    streams[count++] = fd;
}

/* Send the body of one whole request to every stream; returns whether there was one. */
static int publish(int fd) {
    char *request = waiting[fd], *end, *size;
    if (!(end = memmem(request, held[fd], "\r\n\r\n", 4)))
        return 0;
    size = memmem(request, end - request, "Content-Length: ", 16);
    size_t length = size ? strtoul(size + 16, NULL, 10) : 0, whole = end + 4 - request + length;
    if (whole > held[fd])
        return 0;
    for (int i = 0; i < count; i++)
        send(streams[i], end + 4, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    send(fd, thanks, sizeof thanks - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    memmove(request, request + whole, held[fd] - whole);
    held[fd] -= whole;
    return 1;
}

static void hear(int fd) {
    static char dropped[4096];
    if (kind[fd] != PUBLISHER) {
        ssize_t size = recv(fd, dropped, sizeof dropped, 0);
        if (size <= 0)
            forget(fd);
        else if (kind[fd] == ASKING && memmem(dropped, size, "\r\n\r\n", 4))
            open_stream(fd);
        return;
    }
    if (!waiting[fd])
        waiting[fd] = malloc(REQUEST);
    ssize_t size = recv(fd, waiting[fd] + held[fd], REQUEST - held[fd], 0);
    if (size <= 0) {
        forget(fd);
        return;
    }
    held[fd] += size;
    while (publish(fd))
        ;
}

int main(int argc, char **argv) {
    static struct epoll_event events[EVENTS];
    struct rlimit files;
    if (argc != 3)
        return 2;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    poller = epoll_create1(0);
    listen_at(atoi(argv[1]), STREAMS);
    listen_at(atoi(argv[2]), PUBLISHERS);
    puts("ready");
    fflush(stdout);
    for (;;) {
        int many = epoll_wait(poller, events, EVENTS, -1);
        for (int i = 0; i < many; i++) {
            int fd = events[i].data.fd;
            if (kind[fd] == STREAMS)
                take_in(fd, ASKING);
            else if (kind[fd] == PUBLISHERS)
                take_in(fd, PUBLISHER);
            else if (kind[fd] != NOTHING)
                hear(fd);
        }
    }
}
