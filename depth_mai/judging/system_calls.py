# SPDX-License-Identifier: Apache-2.0
"""Numbers of the system calls that the filter names: data, no code.

From Linux 6.x: arch/x86/entry/syscalls/syscall_64.tbl, scripts/syscall.tbl
(aarch64) and arch/arm/tools/syscall.tbl. None: the architecture has no such
call.
"""

# AUDIT_ARCH_* of linux/audit.h, by what platform.machine() says.
ARCHITECTURES = {
  'x86_64': 0xC000003E,
  'aarch64': 0xC00000B7,
  'armv7l': 0x40000028,
  'armv8l': 0x40000028,
}

# Column of NUMBERS, by what platform.machine() says.
COLUMNS = {'x86_64': 0, 'aarch64': 1, 'armv7l': 2, 'armv8l': 2}

NUMBERS = {
  'brk': (12, 214, 45),
  'clock_gettime': (228, 113, 263),
  'clock_gettime64': (None, None, 403),
  'clock_nanosleep': (230, 115, 265),
  'clock_nanosleep_time64': (None, None, 407),
  'clone': (56, 220, 120),
  'clone3': (435, 435, 435),
  'close': (3, 57, 6),
  'connect': (42, 203, 283),
  'execve': (59, 221, 11),
  'execveat': (322, 281, 387),
  'exit': (60, 93, 1),
  'exit_group': (231, 94, 248),
  'fork': (57, None, 2),
  'futex': (202, 98, 240),
  'futex_time64': (None, None, 422),
  'getcpu': (309, 168, 345),
  'getpid': (39, 172, 20),
  'getrandom': (318, 278, 384),
  'getrusage': (98, 165, 77),
  'gettid': (186, 178, 224),
  'gettimeofday': (96, 169, 78),
  'kill': (62, 129, 37),
  'madvise': (28, 233, 220),
  'membarrier': (324, 283, 389),
  'mmap': (9, 222, None),
  'mmap2': (None, None, 192),
  'mprotect': (10, 226, 125),
  'mremap': (25, 216, 163),
  'munmap': (11, 215, 91),
  'nanosleep': (35, 101, 162),
  'pidfd_open': (434, 434, 434),
  'prctl': (157, 167, 172),
  'process_vm_readv': (310, 270, 376),
  'process_vm_writev': (311, 271, 377),
  'ptrace': (101, 117, 26),
  'read': (0, 63, 3),
  'recv': (None, None, 291),
  'recvfrom': (45, 207, 292),
  'restart_syscall': (219, 128, 0),
  'rseq': (334, 293, 398),
  'rt_sigaction': (13, 134, 174),
  'rt_sigprocmask': (14, 135, 175),
  'rt_sigreturn': (15, 139, 173),
  'sched_getaffinity': (204, 123, 242),
  'sched_yield': (24, 124, 158),
  'send': (None, None, 289),
  'sendto': (44, 206, 290),
  'set_robust_list': (273, 99, 338),
  'sigaltstack': (131, 132, 186),
  'sigreturn': (None, None, 119),
  'socket': (41, 198, 281),
  'socketpair': (53, 199, 288),
  'sysinfo': (99, 179, 116),
  'tgkill': (234, 131, 268),
  'tkill': (200, 130, 238),
  'uname': (63, 160, 122),
  'vfork': (58, None, 190),
  'write': (1, 64, 4),
  'writev': (20, 66, 146),
}
