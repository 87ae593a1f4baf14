//! The model as a `.safetensors` file.
