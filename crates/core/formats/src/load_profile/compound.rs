//! The compound file in which workbooks of Excel 97 to 2003 lie: sectors that a table chains into streams ([MS-CFB]).
//!
//! Only the stream of the workbook is taken out. Every chain is followed for as many sectors as the file has at most.

/// What every compound file begins with.
pub(super) const SIGNATURE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
/// The name of the stream, as the directory writes it.
const WORKBOOK: &str = "Workbook";
/// As workbooks of Excel 5 and 95 name it, whose records are others.
const OLDER_WORKBOOK: &str = "Book";
const DIRECTORY_ENTRY_BYTES: usize = 128;
/// Greater numbers are marks: end of chain, free, table.
const SECTOR_MAX: u32 = 0xffff_fffa;
/// Places of the table's sectors that stand in the header.
const HEADER_TABLE: std::ops::Range<usize> = 76..512;

/// Sectors of a compound file.
struct Sectors<'a> {
    bytes: &'a [u8],
    size: usize,
}

impl<'a> Sectors<'a> {
    /// The last one may be cut short.
    fn sector(&self, number: u32) -> Option<&'a [u8]> {
        // The header takes the place of the sector before the first.
        let start = (number as usize).checked_add(1)?.checked_mul(self.size)?;
        let rest = self.bytes.get(start..)?;
        Some(rest.get(..self.size).unwrap_or(rest))
    }

    fn most(&self) -> usize {
        self.bytes.len() / self.size + 1
    }

    /// The bytes of a chain of sectors.
    fn chain(&self, first: u32, table: &[u32]) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        let mut next = first;
        for _ in 0..=self.most() {
            if next >= SECTOR_MAX {
                return Ok(bytes);
            }
            let sector = self.sector(next).ok_or("a sector lies behind the end of the file, which is cut off")?;
            bytes.extend_from_slice(sector);
            next = *table.get(next as usize).ok_or("a sector stands in no table")?;
        }
        Err("its sectors go round in a circle".to_owned())
    }

    /// Which sector follows which.
    fn table(&self) -> Result<Vec<u32>, String> {
        let mut places: Vec<u32> = words(self.bytes.get(HEADER_TABLE).unwrap_or_default()).collect();
        let mut further = word(self.bytes, 68).ok_or("its header is cut off")?;
        for _ in 0..=self.most() {
            if further >= SECTOR_MAX {
                break;
            }
            let mut more: Vec<u32> = words(self.sector(further).ok_or("its table is cut off")?).collect();
            further = more.pop().unwrap_or(u32::MAX);
            places.append(&mut more);
        }
        let mut table = Vec::new();
        for place in places.into_iter().filter(|place| *place < SECTOR_MAX).take(self.most()) {
            table.extend(words(self.sector(place).ok_or("its table is cut off")?));
        }
        Ok(table)
    }
}

/// The stream of the workbook.
///
/// # Errors
/// Where there is none, or the file is damaged, in words.
pub(super) fn workbook(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let shift = bytes.get(30).copied().unwrap_or_default();
    if !bytes.starts_with(SIGNATURE) || !matches!(shift, 9 | 12) {
        return Err("it is no compound file whose sectors have 512 or 4096 bytes".to_owned());
    }
    let sectors = Sectors { bytes, size: 1 << shift };
    let table = sectors.table()?;
    let directory = sectors.chain(word(bytes, 48).unwrap_or(u32::MAX), &table)?;
    let mut entries = directory.chunks_exact(DIRECTORY_ENTRY_BYTES);
    let Some(entry) = entries.find(|entry| name(entry) == WORKBOOK) else {
        let older = directory.chunks_exact(DIRECTORY_ENTRY_BYTES).any(|entry| name(entry) == OLDER_WORKBOOK);
        let reason = if older { "it is a workbook of Excel 95 or before" } else { "it holds no workbook" };
        return Err(reason.to_owned());
    };
    let (first, size) = (word(entry, 116).unwrap_or(u32::MAX), word(entry, 120).unwrap_or_default() as usize);
    if size < word(bytes, 56).unwrap_or_default() as usize {
        return Err("its workbook is smaller than those that Excel writes".to_owned());
    }
    let mut stream = sectors.chain(first, &table)?;
    if stream.len() < size {
        return Err("its workbook is cut off".to_owned());
    }
    stream.truncate(size);
    Ok(stream)
}

/// The name of a directory's entry.
fn name(entry: &[u8]) -> String {
    let bytes = word(entry, 64).map_or(0, |word| (word & 0xffff) as usize).clamp(2, 64) - 2;
    let units =
        entry.get(..bytes).unwrap_or_default().chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    String::from_utf16_lossy(&units.collect::<Vec<_>>())
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    bytes.chunks_exact(4).filter_map(|chunk| chunk.first_chunk().map(|word| u32::from_le_bytes(*word)))
}
