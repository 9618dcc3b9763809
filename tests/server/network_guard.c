/* Runs a command, and refuses and counts every attempt of it, or of what it starts, to reach another machine.

       network_guard LOG FOLDER command...

   The kernel (seccomp) stops each connect, sendto, sendmsg and sendmmsg of the command and of all its descendants,
   daemons and native libraries included, until a supervisor here has read the address. LOG gets a line for each:
   "allowed" for the loopback and for unix sockets in FOLDER, "refused" for all else, name servers on the loopback
   too. "cached" is glibc's cache of names (nscd), which it asks for users and for hosts alike: it is refused, and
   who looks for a host then asks a name server. io_uring, which could go round this, is switched off. Ends with the command's code; the supervisor stays
   until the last descendant has gone. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __aarch64__
#define ARCH AUDIT_ARCH_AARCH64
#else
#define ARCH AUDIT_ARCH_X86_64
#endif

#define CACHE "/var/run/nscd/socket"

static const char *log_path, *folder;

static void fail(const char *what) { perror(what); _exit(125); }

static int listen_to_calls(void) {
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_connect, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sendto, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sendmsg, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sendmmsg, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof steps / sizeof *steps, steps};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) fail("no_new_privs");
    int listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    if (listener < 0) fail("seccomp");
    return listener;
}

static void note(const char *kind, int pid, const char *text) {
    char name[64] = "?", path[64], line[512];
    snprintf(path, sizeof path, "/proc/%d/comm", pid);
    int file = open(path, O_RDONLY);
    if (file >= 0) {
        ssize_t got = read(file, name, sizeof name - 1);
        name[got > 0 ? got - 1 : 0] = 0;
        close(file);
    }
    int size = snprintf(line, sizeof line, "%s %s %s\n", kind, text, name);
    int log = open(log_path, O_WRONLY | O_APPEND | O_CREAT, 0600);
    if (log < 0 || write(log, line, size) != size) fail("log");
    close(log);
}

/* Whether an address leaves this machine, or asks for one that would. */
static int leaves(const struct sockaddr_storage *address, socklen_t size, char *text, size_t room) {
    char shown[INET6_ADDRSTRLEN] = "";
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)address;
        inet_ntop(AF_INET, &in->sin_addr, shown, sizeof shown);
        snprintf(text, room, "inet %s port %d", shown, ntohs(in->sin_port));
        return ntohl(in->sin_addr.s_addr) >> 24 != 127 || ntohs(in->sin_port) == 53;
    }
    if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const void *)address;
        inet_ntop(AF_INET6, &in->sin6_addr, shown, sizeof shown);
        snprintf(text, room, "inet6 %s port %d", shown, ntohs(in->sin6_port));
        return !IN6_IS_ADDR_LOOPBACK(&in->sin6_addr) || ntohs(in->sin6_port) == 53;
    }
    if (address->ss_family == AF_UNIX) {
        const struct sockaddr_un *un = (const void *)address;
        snprintf(text, room, "unix %.*s", (int)(size - offsetof(struct sockaddr_un, sun_path)), un->sun_path);
        return strncmp(un->sun_path, folder, strlen(folder)) != 0;
    }
    snprintf(text, room, "family %d", address->ss_family);
    return address->ss_family != AF_UNSPEC && address->ss_family != AF_NETLINK;
}

static int bytes_of(int pid, unsigned long long at, void *into, size_t size) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", pid);
    int memory = open(path, O_RDONLY);
    ssize_t got = memory < 0 ? -1 : pread(memory, into, size, at);
    if (memory >= 0) close(memory);
    return got == (ssize_t)size;
}

static int refused_address(int pid, unsigned long long at, unsigned long long size) {
    struct sockaddr_storage address;
    char text[256] = "an address that cannot be read";
    memset(&address, 0, sizeof address);
    if (!at || !size) return 0; /* A socket that is connected already, and was asked about then. */
    if (size > sizeof address) size = sizeof address;
    int refused = !bytes_of(pid, at, &address, size) || leaves(&address, size, text, sizeof text);
    note(strcmp(text, "unix " CACHE) ? refused ? "refused" : "allowed" : "cached", pid, text);
    return refused;
}

static int refused_message(int pid, unsigned long long at) {
    struct msghdr message;
    if (!bytes_of(pid, at, &message, sizeof message)) return 1;
    return refused_address(pid, (unsigned long long)message.msg_name, message.msg_namelen);
}

static int refused_call(const struct seccomp_notif *call) {
    const __u64 *given = call->data.args;
    int pid = call->pid;
    switch (call->data.nr) {
    case SYS_connect: return refused_address(pid, given[1], given[2]);
    case SYS_sendto: return refused_address(pid, given[4], given[5]);
    case SYS_sendmsg: return refused_message(pid, given[1]);
    default:
        for (__u64 i = 0; i < given[2]; i++)
            if (refused_message(pid, given[1] + i * sizeof(struct mmsghdr))) return 1;
        return 0;
    }
}

/* Serves until nothing is left to be watched; the command's code goes into `ended` as soon as it is known. */
static void supervise(int listener, pid_t command, int handle, int ended) {
    struct pollfd waits[] = {{listener, POLLIN, 0}, {handle, POLLIN, 0}};
    while (!(waits[0].revents & POLLHUP) || waits[1].fd >= 0) {
        int status, code;
        for (pid_t gone; (gone = waitpid(-1, &status, WNOHANG)) > 0;) {
            if (gone != command) continue;
            code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            if (write(ended, &code, sizeof code) < 0) {} /* Nobody waits for it any more. */
            waits[1].fd = -1;
        }
        if (poll(waits, 2, 1000) <= 0 || !(waits[0].revents & POLLIN)) continue;
        struct seccomp_notif call;
        memset(&call, 0, sizeof call);
        if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call)) continue;
        struct seccomp_notif_resp answer;
        memset(&answer, 0, sizeof answer);
        answer.id = call.id;
        if (refused_call(&call)) answer.error = -ENETUNREACH;
        else answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
        ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    }
}

static void run(char **command, int told, int go) {
    int listener = listen_to_calls();
    char start;
    if (write(told, &listener, sizeof listener) != sizeof listener || read(go, &start, 1) != 1) fail("pipe");
    execvp(command[0], command);
    fail(command[0]);
}

int main(int count, char **words) {
    int told[2], go[2], ended[2], number, code = 125;
    if (count < 4) fail("usage: network_guard LOG FOLDER command...");
    if (pipe2(told, O_CLOEXEC) || pipe2(go, O_CLOEXEC) || pipe2(ended, O_CLOEXEC)) fail("pipe");
    log_path = words[1], folder = words[2];
    signal(SIGPIPE, SIG_IGN);
    if (fork()) { /* What the caller waits for. */
        close(ended[1]);
        if (read(ended[0], &code, sizeof code) != sizeof code) code = 125;
        return code;
    }
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); /* Daemons stay descendants of it, whose memory it may read. */
    pid_t command = fork();
    if (!command) {
        signal(SIGPIPE, SIG_DFL);
        run(words + 3, told[1], go[0]);
    }
    int handle = syscall(SYS_pidfd_open, command, 0);
    if (read(told[0], &number, sizeof number) != sizeof number) fail("the command");
    int listener = syscall(SYS_pidfd_getfd, handle, number, 0);
    if (listener < 0) fail("the listener");
    setsid();
    int nowhere = open("/dev/null", O_RDWR);
    for (int standard = 0; standard < 3; standard++) dup2(nowhere, standard);
    if (write(go[1], "", 1) != 1) _exit(125);
    supervise(listener, command, handle, ended[1]);
    return 0;
}
