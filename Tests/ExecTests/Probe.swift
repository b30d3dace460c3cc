// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// A small C program that tells what it was started with, byte by byte, and can start another one in an odd state.
///
/// Compiled once a run and static, so that it also runs where there is nothing else.
enum Probe {
    /// The path; a failure to compile is a failure of every test that needs it.
    static func path() throws -> String { try directory().path + "/probe" }

    /// The folder that it is in, which is there as long as the test process.
    static func directory() throws -> TemporaryDirectory { try compiled.get() }

    /// Starts a program through the probe, in a state of choice and without any descriptor of the test process.
    static func start(
        _ arrangement: String = "plain",
        in directory: String = "/",
        _ path: String,
        _ arguments: [[UInt8]],
        environment: [[UInt8]]
    ) throws -> Child {
        let probe = try Probe.path()
        let first = [probe, "arrange", arrangement, directory, path].map { [UInt8]($0) }
        return try Child(probe, arguments: first + arguments, environment: environment)
    }

    private static let compiled = Result<TemporaryDirectory, any Error> {
        let directory = try TemporaryDirectory()
        let source = try directory.write(text.utf8, to: "probe.c")
        let arguments = ["cc", "-O1", "-static", "-o", directory.path + "/probe", source].map { [UInt8]($0) }
        let path = [UInt8]("PATH=" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"))
        let compiler = try Child("/usr/bin/env", arguments: [[UInt8]("env")] + arguments, environment: [path])
        let outcome = try compiler.outcome(within: .seconds(120))
        guard outcome.ending == .exit(0) else { throw CompilerError(text: outcome.errors) }
        // A static's last reference never goes away by itself.
        atexit { if let path = try? Probe.directory().path { try? FileManager.default.removeItem(atPath: path) } }
        return directory
    }

    private struct CompilerError: Error {
        let text: String
    }

    private static let text = #"""
        #define _GNU_SOURCE
        #include <errno.h>
        #include <fcntl.h>
        #include <sched.h>
        #include <signal.h>
        #include <stdint.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/ioctl.h>
        #include <sys/prctl.h>
        #include <sys/resource.h>
        #include <sys/stat.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <sys/wait.h>
        #include <termios.h>
        #include <unistd.h>

        extern char **environ;

        static void strings(char **vector) {
            for (; *vector; vector++) fwrite(*vector, 1, strlen(*vector) + 1, stdout);
        }

        // Everything that execve(2) hands on, except the process id and the vectors.
        static void state(void) {
            uint64_t mask = 0;
            syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, sizeof mask);
            printf("mask %llx\n", (unsigned long long)mask);
            for (int n = 1; n < 65; n++) {
                struct { void *handler; unsigned long flags; void *restorer; uint64_t mask; } old = {0};
                if (syscall(SYS_rt_sigaction, n, NULL, &old, sizeof old.mask) != 0) continue;
                if (old.handler || old.flags || old.mask) printf("signal %d %p %lx\n", n, old.handler, old.flags);
            }
            sigset_t pending;
            sigpending(&pending);
            for (int n = 1; n < 65; n++) if (sigismember(&pending, n) == 1) printf("pending %d\n", n);
            for (int n = 0; n < 16; n++) {
                struct rlimit limit;
                if (getrlimit(n, &limit) == 0)
                    printf("limit %d %llx %llx\n", n, (unsigned long long)limit.rlim_cur, (unsigned long long)limit.rlim_max);
            }
            mode_t mode = umask(0);
            umask(mode);
            char folder[4096];
            printf("umask %o cwd %s\n", mode, getcwd(folder, sizeof folder) ? folder : "none");
            // A group or session that the process leads is as new as the process.
            printf("parent %d group %d session %d\n", getppid(), getpgrp() == getpid() ? 0 : getpgrp(),
                   getsid(0) == getpid() ? 0 : getsid(0));
            printf("dumpable %d nice %d\n", prctl(PR_GET_DUMPABLE), getpriority(PRIO_PROCESS, 0));
            int deathSignal = -1, subreaper = -1;
            prctl(PR_GET_PDEATHSIG, &deathSignal);
            prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
            printf("death %d subreaper %d privileges %d slack %d seccomp %d\n", deathSignal, subreaper,
                   prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0), prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
            gid_t groups[256];
            int count = getgroups(256, groups);
            printf("user %d %d group %d %d groups", getuid(), geteuid(), getgid(), getegid());
            for (int i = 0; i < count; i++) printf(" %d", groups[i]);
            struct itimerval timer;
            getitimer(ITIMER_REAL, &timer);
            printf("\ntimer %ld\n", (long)timer.it_value.tv_sec);
            struct termios terminal;
            if (tcgetattr(0, &terminal) == 0)
                printf("terminal %x %x foreground %d\n", terminal.c_lflag, terminal.c_iflag, tcgetpgrp(0) == getpgrp());
            for (int fd = 0; fd < 256; fd++) {
                struct stat status;
                if (fstat(fd, &status) != 0) continue;
                // The pipes of two runs are two pipes: only their kind can be equal.
                printf("fd %d %o %x %x %lx %ld\n", fd, status.st_mode, fcntl(fd, F_GETFD), fcntl(fd, F_GETFL),
                       (long)status.st_rdev, (long)lseek(fd, 0, SEEK_CUR));
            }
        }

        static void ignore(int n) { signal(n, SIG_IGN); }

        static void block(int n) {
            uint64_t one = (uint64_t)1 << (n - 1);
            syscall(SYS_rt_sigprocmask, SIG_BLOCK, &one, NULL, sizeof one);
        }

        static void soften(int which, rlim_t soft) {
            struct rlimit limit;
            getrlimit(which, &limit);
            limit.rlim_cur = soft;
            setrlimit(which, &limit);
        }

        // A terminal of the process's own, in whose foreground it is.
        static int terminal(void) {
            int master = posix_openpt(O_RDWR | O_NOCTTY);
            if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0 || setsid() < 0) return 99;
            int slave = open(ptsname(master), O_RDWR);
            if (slave < 0 || dup2(slave, 0) != 0 || dup2(master, 60) != 60) return 99;
            struct termios settings;
            tcgetattr(0, &settings);
            settings.c_lflag &= ~(tcflag_t)ECHO;
            tcsetattr(0, TCSANOW, &settings);
            close(slave);
            close(master);
            return 0;
        }

        // probe arrange HOW FOLDER path arguments…
        static int arrange(char *how, char *folder, char **command) {
            closefrom(3);
            if (chdir(folder) != 0) return 99;
            if (!strcmp(how, "odd")) {
                int ignored[] = {SIGPIPE, SIGUSR2, SIGTTOU, SIGINT};
                for (int i = 0; i < 4; i++) ignore(ignored[i]);
                int blocked[] = {SIGTERM, SIGUSR1, SIGPIPE, SIGCHLD, 32, 33, 40};
                for (int i = 0; i < 7; i++) block(blocked[i]);
                soften(RLIMIT_CORE, 4096);
                soften(RLIMIT_NOFILE, 200);
                soften(RLIMIT_STACK, 4 << 20);
                umask(027);
                dup2(open("/dev/null", O_WRONLY), 9);
                dup2(open("/dev/zero", O_RDONLY), 77);
            } else if (!strcmp(how, "closed")) {
                close(0);
                close(2);
            } else if (!strcmp(how, "ignoring")) {
                for (int n = 1; n < 65; n++) ignore(n);
            } else if (!strcmp(how, "blocking")) {
                for (int n = 1; n < 65; n++) block(n);
            } else if (!strcmp(how, "pending")) {
                block(SIGUSR1);
                block(SIGRTMIN);
                raise(SIGUSR1);
                raise(SIGRTMIN);
            } else if (!strcmp(how, "limits")) {
                soften(RLIMIT_FSIZE, 1 << 20);
                soften(RLIMIT_CPU, 100);
                soften(RLIMIT_NOFILE, 16);
                soften(RLIMIT_MEMLOCK, 0);
                soften(RLIMIT_DATA, 64 << 20);
                soften(RLIMIT_CORE, 0);
            } else if (!strcmp(how, "group")) {
                setpgid(0, 0);
            } else if (!strcmp(how, "session")) {
                setsid();
            } else if (!strcmp(how, "terminal")) {
                if (terminal() != 0) return 99;
            } else if (!strcmp(how, "deleted")) {
                char gone[] = "/tmp/gone-XXXXXX";
                if (!mkdtemp(gone) || chdir(gone) != 0 || rmdir(gone) != 0) return 99;
            } else if (!strcmp(how, "timer")) {
                alarm(1000);
                nice(3);
                prctl(PR_SET_PDEATHSIG, SIGUSR2);
                prctl(PR_SET_CHILD_SUBREAPER, 1);
                prctl(PR_SET_TIMERSLACK, 12345);
                prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
            } else if (!strcmp(how, "stack")) {
                soften(RLIMIT_STACK, 1 << 20);
            } else if (!strcmp(how, "deaf")) {
                // Standard error that nobody reads any more.
                int ends[2];
                if (pipe(ends) != 0) return 99;
                dup2(ends[1], 2);
                close(ends[0]);
                close(ends[1]);
            }
            execve(command[0], command, environ);
            return 98;
        }

        // probe fill BYTES BYTES path arguments…: exec with two environment strings of these lengths, and no wrapper.
        static int fill(char **arguments) {
            static char a[131072], b[131072];
            memset(a, 'x', atoi(arguments[0]));
            memset(b, 'x', atoi(arguments[1]));
            memcpy(a, "A=", 2);
            memcpy(b, "B=", 2);
            char *environment[] = {a, b, NULL};
            execve(arguments[2], arguments + 2, environment);
            return errno;
        }

        static volatile sig_atomic_t caught;
        static void catch(int n) { caught = n; }

        // probe catch N: the signal comes from another process.
        static int catchSignal(int n) {
            if (signal(n, catch) == SIG_ERR) return 96;
            sigset_t one, mask;
            sigemptyset(&one);
            sigaddset(&one, n);
            sigprocmask(SIG_BLOCK, &one, &mask);
            pid_t parent = getpid(), child = fork();
            if (child == 0) _exit(kill(parent, n) == 0 ? 0 : 95);
            while (!caught) sigsuspend(&mask);
            printf("caught %d\n", caught);
            return 0;
        }

        // probe kill N: no file of memory is left behind.
        static int killSelf(int n) {
            soften(RLIMIT_CORE, 0);
            raise(n);
            return 94;
        }

        // probe signal: says "ready" and ends with the number of the first signal that comes.
        static int taken(void) {
            sigset_t all;
            sigfillset(&all);
            uint64_t every = UINT64_MAX;
            syscall(SYS_rt_sigprocmask, SIG_BLOCK, &every, NULL, sizeof every);
            printf("ready\n");
            fflush(stdout);
            siginfo_t info;
            long number = syscall(SYS_rt_sigtimedwait, &every, &info, NULL, sizeof every);
            if (info.si_code == SI_QUEUE) printf("value %d\n", info.si_value.sival_int);
            fflush(stdout);
            return (int)number;
        }

        // probe serve: says which environment it has, and ends well on SIGTERM.
        static int serve(void) {
            sigset_t end;
            sigemptyset(&end);
            sigaddset(&end, SIGTERM);
            sigprocmask(SIG_BLOCK, &end, NULL);
            printf("start %s\n", getenv("A"));
            fflush(stdout);
            sigwaitinfo(&end, NULL);
            printf("term\n");
            return 0;
        }

        // probe terminal KEYS path arguments…: runs a command on a terminal of its own and, when it has printed
        // "ready", types KEYS; copies what it prints and ends as it does.
        static int on_terminal(char *keys, char **command) {
            int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
            if (grantpt(master) != 0 || unlockpt(master) != 0) return 96;
            int child = fork();
            if (child == 0) {
                setsid();
                int slave = open(ptsname(master), O_RDWR);
                for (int fd = 0; fd < 3; fd++) dup2(slave, fd);
                if (slave > 2) close(slave);
                execve(command[0], command, environ);
                _exit(98);
            }
            // What is awaited after what was awaited before; and the keys then, up to the next RS and US.
            char seen[65536], *awaited = "ready", *from = seen;
            size_t filled = 0;
            for (;;) {
                ssize_t got = read(master, seen + filled, sizeof seen - 1 - filled);
                if (got <= 0) break;
                fwrite(seen + filled, 1, got, stdout);
                fflush(stdout);
                filled += got;
                seen[filled] = 0;
                for (char *found; keys && (found = strstr(from, awaited)); ) {
                    from = found + strlen(awaited);
                    char *next = strchr(keys, 0x1e);
                    if (next) *next++ = 0;
                    if (write(master, keys, strlen(keys)) < 0) return 95;
                    awaited = next;
                    if (next && (keys = strchr(next, 0x1f))) *keys++ = 0;
                    else keys = NULL;
                }
            }
            int status;
            waitpid(child, &status, 0);
            if (WIFSIGNALED(status)) raise(WTERMSIG(status));
            return WEXITSTATUS(status);
        }

        // probe chunks FILE SIZE…: writes the file's bytes in pieces of these sizes, over and over.
        static int chunks(char *path, char **sizes) {
            static char bytes[65536];
            int file = open(path, O_RDONLY);
            ssize_t count = read(file, bytes, sizeof bytes), written = 0;
            for (int i = 0; written < count; i = sizes[i + 1] ? i + 1 : 0) {
                ssize_t size = atoi(sizes[i]);
                if (size > count - written) size = count - written;
                if (write(1, bytes + written, size) != size) return 93;
                written += size;
                sched_yield();
            }
            return count < 0 ? 92 : 0;
        }

        // probe foreground: whether the process leads the foreground group of its terminal, and can read from it.
        static int foreground(void) {
            printf("leads %d foreground %d\nready\n", getpgrp() == getpid(), tcgetpgrp(0) == getpgrp());
            fflush(stdout);
            char line[64] = "";
            if (!fgets(line, sizeof line, stdin)) return 94;
            printf("read %s", line);
            return 0;
        }

        int main(int count, char **arguments) {
            if (count < 2) return 97;
            char *what = arguments[1];
            if (!strcmp(what, "environment")) strings(environ);
            else if (!strcmp(what, "arguments")) strings(arguments);
            else if (!strcmp(what, "state")) state();
            else if (!strcmp(what, "pid")) printf("%d", getpid());
            else if (!strcmp(what, "exit")) return atoi(arguments[2]);
            else if (!strcmp(what, "kill")) return killSelf(atoi(arguments[2]));
            else if (!strcmp(what, "catch")) return catchSignal(atoi(arguments[2]));
            else if (!strcmp(what, "signal")) return taken();
            else if (!strcmp(what, "serve")) return serve();
            else if (!strcmp(what, "terminal")) return on_terminal(arguments[2], arguments + 3);
            else if (!strcmp(what, "foreground")) return foreground();
            else if (!strcmp(what, "chunks")) return chunks(arguments[2], arguments + 3);
            else if (!strcmp(what, "arrange")) return arrange(arguments[2], arguments[3], arguments + 4);
            else if (!strcmp(what, "fill")) return fill(arguments + 2);
            else return 97;
            return 0;
        }
        """#
}
