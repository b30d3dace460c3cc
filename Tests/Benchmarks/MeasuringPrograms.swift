// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Two small static C programs, compiled at run time, that measure what a program of this size cannot.
///
/// The kernel counts the memory of a process before execve(2) as its own, so a child's peak is never below its
/// parent's: the parent must be small.
struct MeasuringPrograms {
    /// Starts programs in turn and prints a line for each.
    let launcher: String
    /// Puts ten variables into its environment and becomes its argument; ends at once without one that is a path.
    let floor: String

    /// Nil where there is no C compiler, or none that links statically.
    init?(place: Workplace) throws(BenchmarkError) {
        guard let compiler = Machine.find("cc") else { return nil }
        let folder = "\(place.disk)/c"
        launcher = "\(folder)/launch"
        floor = "\(folder)/floor"
        // Another part may have had them made.
        if access(folder, F_OK) == 0 { return }
        _ = try place.folder("c", in: place.disk)
        for (source, program) in [(Self.launchSource, launcher), (Self.floorSource, floor)] {
            try place.write(source, to: "\(program).c")
            let process = try ChildProcess(
                compiler,
                ["-O2", "-static", "-o", program, "\(program).c"],
                environment: ["PATH": "/usr/bin:/bin", "HOME": place.sockets, "TMPDIR": folder],
                log: "\(place.sockets)/cc.log"
            )
            _ = try process.finish(within: 60)
        }
    }

    /// Called as `launch ROUNDS FILE :: [NAME=VALUE…] /PROGRAM ARGUMENT… :: …` to start programs in turn.
    ///
    /// Every round starts every program once. A line is `program nanoseconds KiB`, counted from 0; program -1 is a
    /// fdatasync of 4 KiB appended to FILE, once a round. Ends with 1 when a program does not end with 0.
    private static let launchSource = #"""
        #define _GNU_SOURCE
        #include <fcntl.h>
        #include <signal.h>
        #include <spawn.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/prctl.h>
        #include <sys/resource.h>
        #include <sys/wait.h>
        #include <time.h>
        #include <unistd.h>

        extern char **environ;

        static long now(void) {
            struct timespec t;
            clock_gettime(CLOCK_MONOTONIC, &t);
            return t.tv_sec * 1000000000L + t.tv_nsec;
        }

        int main(int argc, char **argv) {
            static char **program[16], *variables[16][16], block[4096];
            int programs = 0, inherited = 0;
            if (argc < 5) return 2;
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            while (environ[inherited]) inherited++;
            if (inherited > 4) return 2;
            for (int i = 3; i < argc && programs < 16; i++) {
                if (strcmp(argv[i], "::") != 0) continue;
                argv[i] = NULL;
                int n = 0;
                for (; n < inherited; n++) variables[programs][n] = environ[n];
                while (i + 1 < argc && argv[i + 1][0] != '/' && n < 15) variables[programs][n++] = argv[++i];
                program[programs++] = argv + i + 1;
            }
            int file = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
            if (file < 0) return 2;
            for (int round = atoi(argv[1]); round > 0; round--) {
                for (int i = 0; i < programs; i++) {
                    pid_t pid;
                    int status;
                    struct rusage usage;
                    long start = now();
                    if (posix_spawn(&pid, program[i][0], NULL, NULL, program[i], variables[i]) != 0) return 1;
                    if (wait4(pid, &status, 0, &usage) != pid) return 1;
                    long end = now();
                    if (status != 0) {
                        fprintf(stderr, "%s ended with status %d\n", program[i][0], status);
                        return 1;
                    }
                    printf("%d %ld %ld\n", i, end - start, usage.ru_maxrss);
                }
                if (write(file, block, sizeof block) != sizeof block) return 1;
                long start = now();
                if (fdatasync(file) != 0) return 1;
                printf("-1 %ld 0\n", now() - start);
            }
            return 0;
        }

        """#

    private static let floorSource = #"""
        #include <unistd.h>

        extern char **environ;

        int main(int argc, char **argv) {
            static char *added[] = {
                "BENCH_0=0123456789012345678901234567890123456789012345678901234567890123",
                "BENCH_1=0123456789012345678901234567890123456789012345678901234567890123",
                "BENCH_2=0123456789012345678901234567890123456789012345678901234567890123",
                "BENCH_3=0123456789012345678901234567890123456789012345678901234567890123",
                "BENCH_4=0123456789012345678901234567890123456789012345678901234567890123",
                "BENCH_5=0123456789012345678901234567890123456789012345678901234567890123",
                "BENCH_6=0123456789012345678901234567890123456789012345678901234567890123",
                "BENCH_7=0123456789012345678901234567890123456789012345678901234567890123",
                "BENCH_8=0123456789012345678901234567890123456789012345678901234567890123",
                "BENCH_9=0123456789012345678901234567890123456789012345678901234567890123",
            };
            static char *variables[64];
            int n = 0;
            if (argc < 2 || argv[1][0] != '/') return 0;
            for (; environ[n] && n < 50; n++) variables[n] = environ[n];
            for (int i = 0; i < 10; i++) variables[n++] = added[i];
            execve(argv[1], argv + 1, variables);
            return 127;
        }

        """#
}

/// One program that is started and waited for.
struct LaunchedProgram {
    let name: String
    /// `NAME=VALUE`, added to what all of them have.
    var variables: [String] = []
    let path: String
    let arguments: [String]
}

/// What came of starting some programs in turn.
struct Launches {
    /// Seconds from posix_spawn(3) to the end, for each program.
    let seconds: [Samples]
    /// The same, round after round.
    let rounds: [[Double]]
    /// Peak memory of each program and of what it became, in MB of 10⁶ bytes.
    let peakMemory: [Double]
    let fdatasync: Samples

    init(
        _ programs: [LaunchedProgram],
        rounds: Int,
        with measuring: MeasuringPrograms,
        place: Workplace
    ) throws(BenchmarkError) {
        var arguments = ["\(rounds)", "\(place.disk)/launch-sync"]
        for program in programs {
            arguments.append("::")
            arguments += program.variables
            arguments.append(program.path)
            arguments += program.arguments
        }
        let process = try ChildProcess(
            measuring.launcher,
            arguments,
            environment: ["HOME": "/nonexistent", "PATH": "/usr/bin:/bin"],
            log: "\(place.sockets)/launch.log"
        )
        var seconds = [[Double]](repeating: [], count: programs.count)
        var memory = [Double](repeating: 0, count: programs.count)
        var syncs: [Double] = []
        for line in try process.finish(within: 120).split(separator: "\n") {
            let numbers = line.split(separator: " ").compactMap { Double($0) }
            guard numbers.count == 3 else { throw .malformedAnswer("a line of the launcher") }
            let index = Int(numbers[0])
            if index < 0 {
                syncs.append(numbers[1] / 1e9)
            } else {
                seconds[index].append(numbers[1] / 1e9)
                memory[index] = max(memory[index], numbers[2] * 1024 / 1e6)
            }
        }
        self.seconds = seconds.map(Samples.init)
        self.rounds = seconds
        peakMemory = memory
        fdatasync = Samples(syncs)
    }
}
