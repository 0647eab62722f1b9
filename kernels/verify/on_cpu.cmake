# Included by kernels/cuda, whose objects and PTX these are.
# libreeve_cuda_on_cpu.so: the objects of libreeve_cuda.so with another runtime, which runs their PTX on the CPU.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
get_filename_component(cuda_folder ${REEVE_NVCC} DIRECTORY)
set(verify ${CMAKE_CURRENT_LIST_DIR})
set(translated ${CMAKE_CURRENT_BINARY_DIR}/ptx_translated.cpp)
add_custom_command(
  OUTPUT ${translated}
  COMMAND ${Python3_EXECUTABLE} -B ${verify}/ptx_to_cpp.py ${translated} ${ptx_files}
  DEPENDS ${ptx_files} ${verify}/ptx.py ${verify}/ptx_instructions.py ${verify}/ptx_to_cpp.py
  COMMENT "Translating PTX to C++"
  VERBATIM)
set_source_files_properties(${translated} PROPERTIES COMPILE_OPTIONS "-O1;-g0")
set_source_files_properties(${objects} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
set(machine_sources ${verify}/ptx_machine.cpp ${verify}/ptx_runtime.cpp ${translated} ${objects})
reeve_kernel_library(reeve_cuda_on_cpu SHARED ${machine_sources})
target_include_directories(reeve_cuda_on_cpu SYSTEM PRIVATE ${cuda_folder}/../include)
set_target_properties(reeve_cuda_on_cpu PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
