/*
 * slow-link NETNS1 TAP1 NETNS2 TAP2 DELAY_US LOSS_PPM: makes a TAP device in each of two network namespaces and carries
 * packets between them, late and not all. Order is kept. It says "ready" and goes on until it is ended.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { PACKETS_MAX = 16384, FRAME_BYTES_MAX = 1600, READS_IN_A_ROW_MAX = 64 };

struct packet {
  long long due_ns;
  int length;
  unsigned char bytes[FRAME_BYTES_MAX];
};

/* What waits on its way in one direction. */
struct queue {
  struct packet *packets;
  unsigned head, tail;
};

static long long now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static int open_tap(const char *space, const char *name) {
  char path[256];
  snprintf(path, sizeof path, "/run/netns/%s", space);
  int there = open(path, O_RDONLY | O_CLOEXEC);
  int tap = -1;
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (there >= 0 && setns(there, CLONE_NEWNET) == 0) tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  if (tap < 0 || ioctl(tap, TUNSETIFF, &request) != 0) {
    perror(space);
    exit(1);
  }
  close(there);
  return tap;
}

static void take(int from, struct queue *queue, long long delay_ns, long long loss_ppm) {
  unsigned char dropped[FRAME_BYTES_MAX];
  for (int reads = 0; reads < READS_IN_A_ROW_MAX; reads++) {
    int full = queue->head - queue->tail >= PACKETS_MAX;
    struct packet *packet = &queue->packets[queue->head % PACKETS_MAX];
    int length = read(from, full ? dropped : packet->bytes, FRAME_BYTES_MAX);
    if (length <= 0) return;
    if (full || random() % 1000000 < loss_ppm) continue;
    packet->length = length;
    packet->due_ns = now_ns() + delay_ns;
    queue->head++;
  }
}

/* Delivers what is due; answers when the next one is, or -1. */
static long long deliver(int to, struct queue *queue) {
  while (queue->head != queue->tail) {
    struct packet *packet = &queue->packets[queue->tail % PACKETS_MAX];
    if (packet->due_ns > now_ns()) return packet->due_ns;
    if (write(to, packet->bytes, packet->length) < 0) { /* The device is down: the packet is lost. */ }
    queue->tail++;
  }
  return -1;
}

int main(int count, char **arguments) {
  if (count != 7) return 2;
  int taps[2] = {open_tap(arguments[1], arguments[2]), open_tap(arguments[3], arguments[4])};
  long long delay_ns = atoll(arguments[5]) * 1000, loss_ppm = atoll(arguments[6]);
  struct queue queues[2] = {{0}};
  for (int way = 0; way < 2; way++) queues[way].packets = malloc(sizeof(struct packet) * PACKETS_MAX);
  srandom(getpid());
  puts("ready");
  fflush(stdout);
  for (;;) {
    long long next_ns = -1;
    for (int way = 0; way < 2; way++) {
      take(taps[way], &queues[way], delay_ns, loss_ppm);
      long long due_ns = deliver(taps[1 - way], &queues[way]);
      if (due_ns >= 0 && (next_ns < 0 || due_ns < next_ns)) next_ns = due_ns;
    }
    struct pollfd waiting[2] = {{taps[0], POLLIN, 0}, {taps[1], POLLIN, 0}};
    long long left_ns = next_ns < 0 ? 0 : next_ns - now_ns();
    if (left_ns < 0) left_ns = 0;
    struct timespec left = {left_ns / 1000000000LL, left_ns % 1000000000LL};
    ppoll(waiting, 2, next_ns < 0 ? NULL : &left, NULL);
  }
}
