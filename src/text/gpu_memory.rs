//! How frameworks say that a GPU has no memory left.

/// Words that stand in one line, in lower case, of which each group names the GPU's memory.
///
/// Sources: `c10/cuda/CUDACachingAllocator.cpp` (PyTorch), `tsl/framework/bfc_allocator.cc` and
/// `xla/pjrt` (JAX, whose words for the CPU lack `while trying`), TensorFlow's allocation of tensors, and the
/// names of CUDA's own errors.
const SIGNS: [&[&str]; 12] = [
    &["cuda out of memory"],
    &["cuda error: out of memory"],
    &["torch.outofmemoryerror"],
    &["torch.cuda.outofmemoryerror"],
    &["resource_exhausted", "out of memory while trying to allocate"],
    &["oom when allocating tensor"],
    &["resourceexhaustederror", "failed to allocate memory"],
    &["cuda_error_out_of_memory"],
    &["cudaerrormemoryallocation"],
    &["cublas_status_alloc_failed"],
    &["cudnn_status_alloc_failed"],
    &["cuda runtime error", "out of memory"],
];

/// Errors that only say that a process which was started has failed.
const WRAPPERS: [&str; 4] =
    ["ChildFailedError", "CalledProcessError", "ProcessRaisedException", "ProcessExitedException"];

/// Whether a command whose output ends with these lines has failed for want of a GPU's memory. Code that
/// lives through that once, to try a smaller batch, may yet fail of something else: the error that is named
/// last counts, with the lines that belong to it.
pub fn is_out_of_gpu_memory(lines: &[String]) -> bool {
    let says_so = |lines: &[String]| lines.iter().any(|line| is_sign(line));
    match lines.iter().rposition(|line| names_error(line)) {
        Some(last) => says_so(&lines[last..]) || (names_memory(&lines[last]) && says_so(lines)),
        // What has no traceback, such as a library that gives up, names no error.
        None => says_so(lines),
    }
}

fn is_sign(line: &str) -> bool {
    let line = line.to_lowercase();
    // TensorFlow and JAX have the same words for the machine's own memory.
    let is_cpu =
        ["by allocator cpu", "device:cpu", "allocator mklcpu"].iter().any(|cpu| line.contains(cpu));
    !is_cpu && SIGNS.iter().any(|parts| parts.iter().all(|part| line.contains(part)))
}

/// The last line of a traceback, such as `torch.OutOfMemoryError: ...`, also behind a rank.
fn names_error(line: &str) -> bool {
    let line = line.trim_end();
    let line = line
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("]: "))
        .map_or(line, |(_, rest)| rest);
    let word = line.split([':', ' ']).next().unwrap_or_default();
    let name = word.rsplit('.').next().unwrap_or_default();
    name.starts_with(char::is_uppercase)
        && (name.ends_with("Error") || name.ends_with("Exception"))
        && !WRAPPERS.contains(&name)
}

/// An error that may be how another library passes a GPU's own on, such as `RuntimeError: out of memory`.
fn names_memory(line: &str) -> bool {
    let line = line.to_lowercase();
    line.contains("out of memory") || line.contains("alloc")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_out(text: &str) -> bool {
        is_out_of_gpu_memory(&text.lines().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn each_frameworks_words_are_known() {
        for text in [
            "Traceback (most recent call last):\n  File \"t.py\", line 3, in <module>\n\
             torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total \
             capacity of 22.03 GiB of which 1.20 GiB is free.",
            "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 7.79 GiB",
            "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 7.79 GiB total",
            "RuntimeError: CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported",
            "[rank1]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.\n\
             torch.distributed.elastic.multiprocessing.errors.ChildFailedError:\ntrain.py FAILED",
            "jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: Out of memory while trying to \
             allocate 137438953472 bytes.",
            "jax.errors.JaxRuntimeError: RESOURCE_EXHAUSTED: Out of memory while trying to allocate 1 \
             bytes.\n--------------------\nFor simplicity, JAX has removed its internal frames",
            "tensorflow.python.framework.errors_impl.ResourceExhaustedError: {{function_node x}} OOM when \
             allocating tensor with shape[9] and type float on /job:localhost/replica:0/task:0/device:GPU:0 \
             by allocator GPU_0_bfc [Op:Mul]",
            "tensorflow.python.framework.errors_impl.ResourceExhaustedError: Graph execution error:\n\n\
             Detected at node 'model/dense/MatMul' defined at (most recent call last):\n\
             OOM when allocating tensor with shape[9] and type float on \
             /job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc\n\t [[{{node model}}]]",
            "F0000 cuda_driver.cc:1: failed: CUDA_ERROR_OUT_OF_MEMORY: out of memory",
            "cudaErrorMemoryAllocation: out of memory",
            "RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
            "terminate called after throwing an instance of 'c10::OutOfMemoryError'\n\
             \x20 what():  CUDA out of memory. Tried to allocate 2.00 GiB",
        ] {
            assert!(is_out(text), "{text}");
        }
    }

    #[test]
    fn other_ends_are_not_the_gpus_memory() {
        for text in [
            "",
            "ValueError: x",
            "CUDA out of memory at batch 64, trying 32\nTraceback (most recent call last):\nValueError: x",
            "W bfc_allocator.cc:1 Allocator (GPU_0_bfc) ran out of memory trying to allocate 2.00GiB",
            "failed to allocate 9.0GiB from device: CUDA_ERROR_OUT_OF_MEMORY: out of memory\n\
             FileNotFoundError: [Errno 2] No such file or directory: 'x'",
            "ResourceExhaustedError: OOM when allocating tensor with shape[9] on \
             /job:localhost/replica:0/task:0/device:CPU:0 by allocator cpu",
            "XlaRuntimeError: RESOURCE_EXHAUSTED: Out of memory allocating 400000000000 bytes.",
            "grpc: RESOURCE_EXHAUSTED: Received message larger than max",
            "RuntimeError: [enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory",
            "MemoryError",
        ] {
            assert!(!is_out(text), "{text}");
        }
    }
}
