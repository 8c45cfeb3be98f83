// What must hold for any filter.
#pragma once

#include "model/program.h"

namespace sandgauge::fuzz {

/// validate() says what the running kernel does; a program that it accepts ends, gives the same answer in an evaluator that
/// is written otherwise, takes a way that explore() knows, and is answered alike by the rules that recover() makes of it;
/// and each form that it can be written in is read back as the same program.
void try_program(const Program& program);

}  // namespace sandgauge::fuzz
