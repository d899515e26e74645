//! Constant tensors of an ONNX file, looked at before the inference library does.

use tract_onnx::pb::TensorProto;
use tract_onnx::pb::tensor_proto::{DataLocation, DataType};

use super::shown;

/// Largest number of elements in one tensor: 64 Mi, or 256 MiB of f32.
pub(super) const MAX_ELEMENTS: usize = 64 << 20;

/// Product of `dims`, or `None` when one is negative or the product passes [`MAX_ELEMENTS`].
pub(super) fn elements(dims: &[i64]) -> Option<usize> {
    dims.iter().try_fold(1usize, |product, &dim| {
        let product = product.checked_mul(usize::try_from(dim).ok()?)?;
        (product <= MAX_ELEMENTS).then_some(product)
    })
}

/// Checks one constant tensor. The error is the rest of a sentence that begins with the file.
pub(super) fn check_tensor(tensor: &TensorProto) -> Result<(), String> {
    let name = shown::name(&tensor.name);
    if tensor.data_location == Some(DataLocation::External as i32)
        || !tensor.external_data.is_empty()
    {
        return Err(format!(
            "keeps the data of tensor `{name}` in another file, which packages may not"
        ));
    }
    if tensor.segment.is_some() {
        return Err(format!(
            "holds tensor `{name}` in segments, which packages may not"
        ));
    }
    let count = elements(&tensor.dims).ok_or_else(|| {
        format!(
            "holds a tensor `{name}` of shape {}, which is negative or larger than {MAX_ELEMENTS} numbers",
            shown::name(&format!("{:?}", tensor.dims))
        )
    })?;
    let kind = kind(tensor);
    // Bytes per number in `raw_data`, and how many numbers stand in the typed field.
    let (width, typed) = match kind {
        DataType::Float => (4, tensor.float_data.len()),
        DataType::Double => (8, tensor.double_data.len()),
        DataType::Int64 => (8, tensor.int64_data.len()),
        DataType::Int32 => (4, tensor.int32_data.len()),
        DataType::Int16 | DataType::Uint16 | DataType::Float16 => (2, tensor.int32_data.len()),
        DataType::Int8 | DataType::Uint8 | DataType::Bool => (1, tensor.int32_data.len()),
        _ => {
            return Err(format!(
                "holds a tensor `{name}` of type {}, which packages may not",
                kind.as_str_name()
            ));
        }
    };
    let held = if tensor.raw_data.is_empty() {
        typed
    } else if tensor.raw_data.len().is_multiple_of(width) {
        tensor.raw_data.len() / width
    } else {
        return Err(format!(
            "holds a tensor `{name}` that ends in the middle of a number"
        ));
    };
    if held != count {
        return Err(format!(
            "says that tensor `{name}` has {count} numbers and holds {held}"
        ));
    }
    if is_finite(tensor, kind) {
        Ok(())
    } else {
        Err(format!(
            "holds a number in tensor `{name}` that is not finite"
        ))
    }
}

/// The type of a tensor's numbers.
pub(super) fn kind(tensor: &TensorProto) -> DataType {
    DataType::try_from(tensor.data_type).unwrap_or(DataType::Undefined)
}

/// The numbers of an f32 tensor.
pub(super) fn singles(tensor: &TensorProto) -> impl Iterator<Item = f32> + '_ {
    let raw = tensor.raw_data.as_chunks::<4>().0.iter();
    raw.map(|bytes| f32::from_le_bytes(*bytes))
        .chain(tensor.float_data.iter().copied())
}

fn is_finite(tensor: &TensorProto, kind: DataType) -> bool {
    let raw = &tensor.raw_data;
    match kind {
        DataType::Float => singles(tensor).all(f32::is_finite),
        DataType::Double => {
            tensor.double_data.iter().all(|x| x.is_finite())
                && raw
                    .as_chunks::<8>()
                    .0
                    .iter()
                    .all(|bytes| f64::from_le_bytes(*bytes).is_finite())
        }
        DataType::Float16 => {
            // All ones in the exponent is infinity or NaN.
            let finite = |bits: u16| bits & 0x7c00 != 0x7c00;
            tensor.int32_data.iter().all(|&x| finite(x as u16))
                && raw
                    .as_chunks::<2>()
                    .0
                    .iter()
                    .all(|bytes| finite(u16::from_le_bytes(*bytes)))
        }
        _ => true,
    }
}
