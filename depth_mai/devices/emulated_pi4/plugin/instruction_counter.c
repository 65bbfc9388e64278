/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A plugin of QEMU (API 1: 7.2 has it) that counts the instructions which an
 * emulated ARM program executes; those of a 64-bit program also by class. It
 * includes QEMU's header, whose licence it therefore bears.
 *
 * The program asks for a snapshot with a system call from SNAPSHOT on, which no
 * kernel knows: a line with the number above SNAPSHOT as a tag, the call's six
 * arguments and every counter so far goes to the file out=PATH. cache=on adds
 * the misses of a model of the data caches. The system call WATCH(address, tag)
 * asks for a snapshot whenever the instruction at the address is executed; that
 * instruction must not have been executed before.
 *
 * Counters are of whole blocks between branches. They are exact while one
 * thread of the program runs at a time; the additions are not atomic.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "a64.h"
#include "cache.h"
#include "qemu-plugin.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = 1;

enum { NUM_ARGUMENTS = 6 };
enum { SNAPSHOT = 0x5150, NUM_TAGS = 16, WATCH = SNAPSHOT + NUM_TAGS };

/* What one run through a block does, and how often it ran. */
typedef struct Block {
  struct Block *next;
  uint64_t runs;
  uint32_t instructions, load_bytes, store_bytes;
  uint32_t classes[NUM_CLASSES];
} Block;

static Block *blocks;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static FILE *out;
static int with_cache, with_classes;
static uint64_t watched_address;
static int watched_tag;

static void on_memory(unsigned int cpu, qemu_plugin_meminfo_t info,
                      uint64_t address, void *unused) {
  (void)cpu;
  (void)unused;
  cache_access(address, 1u << qemu_plugin_mem_size_shift(info));
}

static void write_snapshot(int tag, const uint64_t *arguments) {
  uint64_t instructions = 0, load_bytes = 0, store_bytes = 0;
  uint64_t classes[NUM_CLASSES] = {0};
  pthread_mutex_lock(&mutex);
  for (Block *block = blocks; block; block = block->next) {
    uint64_t runs = block->runs;
    if (!runs) continue;
    instructions += runs * block->instructions;
    load_bytes += runs * block->load_bytes;
    store_bytes += runs * block->store_bytes;
    for (int k = 0; k < NUM_CLASSES; k++)
      classes[k] += runs * block->classes[k];
  }
  fprintf(out, "%d", tag);
  for (int k = 0; k < NUM_ARGUMENTS; k++)
    fprintf(out, " %" PRIu64, arguments[k]);
  fprintf(out, " %" PRIu64, instructions);
  if (with_classes) {
    fprintf(out, " %" PRIu64 " %" PRIu64, load_bytes, store_bytes);
    for (int k = 0; k < NUM_CLASSES; k++) fprintf(out, " %" PRIu64, classes[k]);
  }
  if (with_cache) fprintf(out, " %" PRIu64 " %" PRIu64, l1d_misses, l2_misses);
  fputc('\n', out);
  fflush(out);
  pthread_mutex_unlock(&mutex);
}

static void on_watched(unsigned int cpu, void *unused) {
  static const uint64_t none[NUM_ARGUMENTS];
  (void)cpu;
  (void)unused;
  write_snapshot(watched_tag, none);
}

static void classify(Block *block, struct qemu_plugin_insn *instruction) {
  uint32_t word;
  memcpy(&word, qemu_plugin_insn_data(instruction), sizeof word);
  A64 decoded = a64_decode(word);
  block->classes[decoded.kind]++;
  block->load_bytes += decoded.load_bytes;
  block->store_bytes += decoded.store_bytes;
  if (with_cache && decoded.load_bytes + decoded.store_bytes > 0)
    qemu_plugin_register_vcpu_mem_cb(instruction, on_memory,
                                     QEMU_PLUGIN_CB_NO_REGS,
                                     QEMU_PLUGIN_MEM_RW, NULL);
}

static void on_block(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
  (void)id;
  Block *block = calloc(1, sizeof *block);
  if (!block) abort();
  block->instructions = qemu_plugin_tb_n_insns(tb);
  for (size_t i = 0; i < block->instructions; i++) {
    struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(tb, i);
    if (with_classes) classify(block, instruction);
    uint64_t address = qemu_plugin_insn_vaddr(instruction);
    if (watched_address && address == watched_address)
      qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_watched,
                                             QEMU_PLUGIN_CB_NO_REGS, NULL);
  }
  pthread_mutex_lock(&mutex);
  block->next = blocks;
  blocks = block;
  pthread_mutex_unlock(&mutex);
  qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64,
                                           &block->runs, 1);
}

static void on_system_call(qemu_plugin_id_t id, unsigned int cpu,
                           int64_t number, uint64_t a1, uint64_t a2,
                           uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6,
                           uint64_t a7, uint64_t a8) {
  (void)id, (void)cpu, (void)a7, (void)a8;
  if (number == WATCH) {
    watched_address = a1;
    watched_tag = (int)a2;
  }
  if (number < SNAPSHOT || number >= SNAPSHOT + NUM_TAGS) return;
  const uint64_t arguments[NUM_ARGUMENTS] = {a1, a2, a3, a4, a5, a6};
  write_snapshot((int)(number - SNAPSHOT), arguments);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv) {
  static const char *const names[NUM_CLASSES] = CLASS_NAMES;
  const char *path = NULL;
  with_classes = !strcmp(info->target_name, "aarch64");
  for (int i = 0; i < argc; i++) {
    if (!strncmp(argv[i], "out=", 4)) path = argv[i] + 4;
    if (!strcmp(argv[i], "cache=on")) with_cache = 1;
  }
  if (!path || !(out = fopen(path, "w"))) {
    fprintf(stderr, "instruction_counter: cannot write out=%s\n",
            path ? path : "");
    return -1;
  }
  fputs("tag a1 a2 a3 a4 a5 a6 instructions", out);
  if (with_classes) {
    fputs(" load_bytes store_bytes", out);
    for (int k = 0; k < NUM_CLASSES; k++) fprintf(out, " %s", names[k]);
  }
  fputs(with_cache ? " l1d_misses l2_misses\n" : "\n", out);
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
  qemu_plugin_register_vcpu_syscall_cb(id, on_system_call);
  return 0;
}
