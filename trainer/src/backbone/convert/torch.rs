//! Weights out of files that PyTorch wrote before its version 1.6: pickles one behind the other, then the numbers.
//!
//! A magic number, the version of the protocol, facts about the machine, the dictionary of the tensors, the list of the
//! storages' keys; then, in the order of that list, how many numbers a storage has and the numbers themselves
//! (`torch/serialization.py`, `_legacy_save`).

use std::collections::HashMap;
use std::io::{BufRead, Cursor, Read};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use candle_core::DType;
use candle_core::pickle::{Object, Stack, TensorInfo};

use super::Tensors;

/// The pickle of 0x1950a86a20f9469cfc6c.
const MAGIC: [u8; 15] = [
    0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, b'.',
];
const PROTOCOL: i32 = 1001;

/// The tensors of f32 in the bytes of a file; counters and the like are left out.
///
/// # Errors
/// When it is not such a file, or ends too early.
pub fn tensors(bytes: &[u8]) -> Result<Tensors> {
    let body = bytes
        .strip_prefix(&MAGIC)
        .context("it is no file of PyTorch before 1.6")?;
    let mut reader = Cursor::new(body);
    let protocol = pickle(&mut reader)?.int().ok();
    ensure!(
        protocol == Some(PROTOCOL),
        "its protocol is not {PROTOCOL} but {protocol:?}"
    );
    pickle(&mut reader)?;
    let infos = infos(pickle(&mut reader)?)?;
    let storages = storages(&mut reader, &infos)?;
    infos
        .into_iter()
        .filter(|info| info.dtype == DType::F32)
        .map(|info| {
            let storage = storages
                .get(key(&info))
                .with_context(|| format!("the storage of {} is missing", info.name))?;
            let values = values(&info, storage)?;
            Ok((info.name, (info.layout.dims().to_vec(), values)))
        })
        .collect()
}

fn pickle(reader: &mut impl BufRead) -> Result<Object> {
    let mut stack = Stack::empty();
    stack.read_loop(reader)?;
    Ok(stack.finalize()?)
}

/// What the dictionary says of its tensors.
fn infos(dictionary: Object) -> Result<Vec<TensorInfo>> {
    let Object::Dict(entries) = dictionary else {
        bail!("it holds no dictionary of tensors");
    };
    let mut infos = Vec::with_capacity(entries.len());
    for (name, value) in entries {
        infos.extend(value.into_tensor_info(name, Path::new(""))?);
    }
    Ok(infos)
}

/// The key of a tensor's storage.
fn key(info: &TensorInfo) -> &str {
    info.path.trim_start_matches('/')
}

/// The numbers of each storage, as bytes.
fn storages(reader: &mut Cursor<&[u8]>, infos: &[TensorInfo]) -> Result<HashMap<String, Vec<u8>>> {
    let kinds: HashMap<&str, DType> = infos.iter().map(|info| (key(info), info.dtype)).collect();
    let Object::List(keys) = pickle(reader)? else {
        bail!("it holds no list of storages");
    };
    let mut storages = HashMap::new();
    for key in keys {
        let key = key.unicode().ok().context("a storage has no name")?;
        let kind = kinds
            .get(key.as_str())
            .with_context(|| format!("nothing uses the storage {key}"))?;
        let mut count = [0; 8];
        reader.read_exact(&mut count)?;
        let size = usize::try_from(u64::from_le_bytes(count))?
            .checked_mul(kind.size_in_bytes())
            .filter(|&size| size <= reader.get_ref().len())
            .context("a storage is longer than the file")?;
        let mut bytes = vec![0; size];
        reader.read_exact(&mut bytes)?;
        storages.insert(key, bytes);
    }
    Ok(storages)
}

/// Its numbers in the order of its shape; in the storage they may lie in another.
fn values(info: &TensorInfo, storage: &[u8]) -> Result<Vec<f32>> {
    let (shape, strides) = (info.layout.dims(), info.layout.stride());
    // The offset counts bytes, the strides count numbers.
    let numbers = storage
        .get(info.layout.start_offset()..)
        .unwrap_or_default();
    let (numbers, _) = numbers.as_chunks::<4>();
    let place = |mut index: usize| {
        let mut place = 0;
        for (size, stride) in std::iter::zip(shape, strides).rev() {
            place += index % size * stride;
            index /= size;
        }
        place
    };
    (0..shape.iter().product())
        .map(|index| numbers.get(place(index)).map(|b| f32::from_le_bytes(*b)))
        .collect::<Option<_>>()
        .with_context(|| format!("{} reaches beyond its storage", info.name))
}
