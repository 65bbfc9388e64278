/* SPDX-License-Identifier: Apache-2.0
 *
 * What a 64-bit ARM instruction does, by its encoding: "Arm Architecture
 * Reference Manual for A-profile", C4.1, "A64 instruction set encoding".
 */
#ifndef DEPTH_MAI_A64_H_
#define DEPTH_MAI_A64_H_

#include <stdint.h>

/* In the order of CLASS_NAMES. */
enum {
  SCALAR_LOAD,
  SCALAR_STORE,
  VECTOR_LOAD,
  VECTOR_STORE,
  PREFETCH,
  FLOAT_MULTIPLY_ADD_128,
  FLOAT_MULTIPLY_ADD_64,
  FLOAT_MULTIPLY_ADD_SCALAR,
  OTHER_FLOAT,
  INTEGER_MULTIPLY_ADD,
  OTHER_VECTOR,
  BRANCH,
  OTHER_SCALAR,
  NUM_CLASSES
};

#define CLASS_NAMES                                                       \
  {                                                                       \
    "scalar_load", "scalar_store", "vector_load", "vector_store",         \
        "prefetch", "float_multiply_add_128", "float_multiply_add_64",    \
        "float_multiply_add_scalar", "other_float",                       \
        "integer_multiply_add", "other_vector", "branch", "other_scalar", \
  }

/* The class of an instruction and the bytes that it moves. */
typedef struct {
  int kind;
  int load_bytes;
  int store_bytes;
} A64;

static inline uint32_t a64_bits(uint32_t word, int high, int low) {
  return word >> low & ((1u << (high - low + 1)) - 1);
}

static inline A64 a64_memory(int vector, int load, int bytes) {
  A64 result = {vector ? (load ? VECTOR_LOAD : VECTOR_STORE)
                       : (load ? SCALAR_LOAD : SCALAR_STORE),
                load ? bytes : 0, load ? 0 : bytes};
  return result;
}

/* LD1 to LD4, ST1 to ST4. */
static inline int a64_structure_bytes(uint32_t word) {
  if (!a64_bits(word, 24, 24)) { /* whole registers */
    int bytes = a64_bits(word, 30, 30) ? 16 : 8;
    switch (a64_bits(word, 15, 12)) {
      case 0:
      case 2:
        return 4 * bytes;
      case 4:
      case 6:
        return 3 * bytes;
      case 7:
        return bytes;
      default:
        return 2 * bytes;
    }
  }
  int opcode = a64_bits(word, 15, 13), size = a64_bits(word, 11, 10);
  int registers = ((opcode & 1) << 1 | a64_bits(word, 21, 21)) + 1;
  switch (opcode >> 1) {
    case 0:
      return registers;
    case 1:
      return 2 * registers;
    case 2:
      return (size & 1 ? 8 : 4) * registers;
    default: /* one element for all lanes */
      return registers << size;
  }
}

static inline A64 a64_load_or_store(uint32_t word) {
  const A64 prefetch = {PREFETCH, 0, 0};
  int vector = a64_bits(word, 26, 26), bit22 = a64_bits(word, 22, 22);
  int size = a64_bits(word, 31, 30), opc = a64_bits(word, 23, 22);
  switch (a64_bits(word, 29, 27)) {
    case 1: /* structures; exclusive and ordered */
      if (vector) return a64_memory(1, bit22, a64_structure_bytes(word));
      return a64_memory(0, bit22, 1 << size);
    case 3: /* literal, near the program counter */
      if (!vector && size == 3) return prefetch;
      if (vector) return a64_memory(1, 1, 4 << size);
      return a64_memory(0, 1, size == 1 ? 8 : 4);
    case 5: /* pair */
      if (vector) return a64_memory(1, bit22, 2 * (4 << size));
      return a64_memory(0, bit22, size == 2 ? 16 : 8);
    default:
      if (vector) return a64_memory(1, bit22, opc & 2 ? 16 : 1 << size);
      if (size == 3 && opc == 2) return prefetch;
      return a64_memory(0, opc != 0, 1 << size);
  }
}

/* Vector and scalar instructions of Advanced SIMD. */
static inline int a64_simd(uint32_t word) {
  int wide = a64_bits(word, 30, 30), negated = a64_bits(word, 29, 29);
  int fma = wide ? FLOAT_MULTIPLY_ADD_128 : FLOAT_MULTIPLY_ADD_64;
  int opcode4 = a64_bits(word, 15, 12), opcode5 = a64_bits(word, 15, 11);
  if (a64_bits(word, 28, 28)) fma = FLOAT_MULTIPLY_ADD_SCALAR;
  if (a64_bits(word, 24, 24)) {
    if (a64_bits(word, 10, 10)) { /* shift by a number, or a constant */
      int converts = opcode5 == 0x1c || opcode5 == 0x1f;
      return converts && a64_bits(word, 22, 19) ? OTHER_FLOAT : OTHER_VECTOR;
    }
    switch (opcode4) { /* by an element */
      case 1:
      case 5:
        return negated ? OTHER_VECTOR : fma;
      case 9:
        return OTHER_FLOAT;
      case 0:
      case 4: /* MLA, MLS */
      case 8: /* MUL */
      case 2:
      case 6:
      case 10: /* long */
      case 3:
      case 7:
      case 11: /* long, doubling */
      case 14: /* dot product */
        return INTEGER_MULTIPLY_ADD;
      default:
        return OTHER_VECTOR;
    }
  }
  if (!a64_bits(word, 21, 21)) { /* dot product; or moves of elements */
    int dot = opcode5 == 0x12 && a64_bits(word, 10, 10);
    return dot ? INTEGER_MULTIPLY_ADD : OTHER_VECTOR;
  }
  if (a64_bits(word, 10, 10)) { /* three of the same size */
    if (opcode5 == 0x19 && !negated) return fma;
    if (opcode5 >= 0x18) return OTHER_FLOAT;
    if (opcode5 == 0x12) return INTEGER_MULTIPLY_ADD;
    return opcode5 == 0x13 && !negated ? INTEGER_MULTIPLY_ADD : OTHER_VECTOR;
  }
  if (!a64_bits(word, 11, 11)) /* three of different sizes */
    return opcode4 >= 8 && opcode4 <= 13 ? INTEGER_MULTIPLY_ADD : OTHER_VECTOR;
  int opcode = a64_bits(word, 16, 12);
  if (a64_bits(word, 21, 17) == 0x18) /* across lanes, pairwise */
    return opcode >= 0x0c && opcode <= 0x0f ? OTHER_FLOAT : OTHER_VECTOR;
  /* one register */
  if (opcode >= 0x16) return OTHER_FLOAT;
  return opcode >= 0x0c && opcode <= 0x0f ? OTHER_FLOAT : OTHER_VECTOR;
}

static inline A64 a64_decode(uint32_t word) {
  A64 result = {OTHER_SCALAR, 0, 0};
  uint32_t group = a64_bits(word, 28, 25);
  if ((group & 5) == 4) return a64_load_or_store(word);
  if ((group & 14) == 10) {
    result.kind = BRANCH;
  } else if ((group & 7) == 7) {
    uint32_t top = a64_bits(word, 30, 24);
    if (top == 0x1e)
      result.kind = OTHER_FLOAT;
    else if (top == 0x1f)
      result.kind = FLOAT_MULTIPLY_ADD_SCALAR;
    else
      result.kind = a64_simd(word);
  }
  return result;
}

#endif /* DEPTH_MAI_A64_H_ */
