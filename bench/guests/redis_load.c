/*
 * W6's client: sets N keys on a redis-server, deletes them all, and shuts it down. The server is
 * what is measured; this only keeps it busy.
 *
 *     redis_load SOCKET N
 *
 * Commands go out in batches, so that the server and not the exchange is what takes the time. Every
 * reply is looked at, and DBSIZE must be N in between and 0 at the end. A server that is not there
 * within 60 s, and any reply that is not as expected, ends this with 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	BATCH = 500,
	COMMAND_MAX = 160,
	REPLY_MAX = 64,
	WAIT_MS = 60000,
};

static FILE *from;
static int to;

static void
die(const char *what)
{
	fprintf(stderr, "redis_load: %s\n", what);
	exit(1);
}

/* The server makes its socket when it is ready. */
static void
connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timespec pause = {0, 1000000};
	if (strlen(path) >= sizeof(address.sun_path))
		die("the socket's name is too long");
	strcpy(address.sun_path, path);
	to = socket(AF_UNIX, SOCK_STREAM, 0);
	for (int i = 0; connect(to, (struct sockaddr *)&address, sizeof(address)) != 0; i++) {
		if (i == WAIT_MS)
			die("no server");
		nanosleep(&pause, NULL);
	}
	from = fdopen(dup(to), "r");
	if (from == NULL)
		die("cannot read");
}

static void
send_all(const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t done = write(to, bytes, size);
		if (done <= 0)
			die("the server went away");
		bytes += done;
		size -= (size_t)done;
	}
}

static void
expect(const char *reply)
{
	char line[REPLY_MAX];
	if (fgets(line, sizeof(line), from) == NULL)
		die("the server went away");
	line[strcspn(line, "\r\n")] = '\0';
	if (strcmp(line, reply) == 0)
		return;
	fprintf(stderr, "redis_load: the server said %s, not %s\n", line, reply);
	exit(1);
}

/* One command for each key from 0; `format` has the key's number in it. */
static void
send_each(unsigned long keys, const char *format, const char *reply)
{
	static char batch[BATCH * COMMAND_MAX];
	for (unsigned long key = 0; key < keys;) {
		size_t used = 0;
		int sent = 0;
		for (; sent < BATCH && key < keys; sent++, key++)
			used += (size_t)snprintf(batch + used, COMMAND_MAX, format, key);
		send_all(batch, used);
		while (sent-- > 0)
			expect(reply);
	}
}

static void
expect_size(unsigned long keys)
{
	char reply[REPLY_MAX];
	snprintf(reply, sizeof(reply), ":%lu", keys);
	send_all("DBSIZE\r\n", 8);
	expect(reply);
}

int
main(int argc, char **argv)
{
	if (argc != 3)
		die("usage: redis_load SOCKET N");
	unsigned long keys = strtoul(argv[2], NULL, 10);
	connect_to(argv[1]);
	send_each(keys, "SET key:%010lu a-value-of-some-length\r\n", "+OK");
	expect_size(keys);
	send_each(keys, "DEL key:%010lu\r\n", ":1");
	expect_size(0);
	send_all("SHUTDOWN NOSAVE\r\n", 17);
	printf("%lu set and deleted\n", keys);
	return 0;
}
