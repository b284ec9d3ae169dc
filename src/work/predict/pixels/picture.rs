//! PNG and JPEG files as pixels.

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_png::PngDecoder;

/// The longest side, in pixels: more than any model takes, and less than fills a machine's memory.
const LONGEST: usize = 1 << 14;

/// An image's pixels, row by row from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::work::predict) struct Picture {
    pub(super) width: usize,
    pub(super) height: usize,
    /// 1 (grey), 2 (grey and alpha), 3 (red, green, blue) or 4 (and alpha).
    pub(super) channels: usize,
    /// From 0 to 255, the channels of a pixel side by side.
    pub(super) samples: Vec<u8>,
}

impl Picture {
    /// Decodes a file. The error says why it can't be.
    pub(in crate::work::predict) fn decode(file: &[u8]) -> Result<Self, String> {
        if file.starts_with(b"\x89PNG\r\n\x1a\n") {
            png(file)
        } else if file.starts_with(b"\xff\xd8\xff") {
            jpeg(file)
        } else {
            Err("it is neither PNG nor JPEG, which are what can be decoded here".to_owned())
        }
    }
}

fn options() -> DecoderOptions {
    DecoderOptions::default().set_max_width(LONGEST).set_max_height(LONGEST)
}

fn png(file: &[u8]) -> Result<Picture, String> {
    // Sixteen bits of a sample become the upper eight.
    let options = options().png_set_strip_to_8bit(true);
    let mut decoder = PngDecoder::new_with_options(ZCursor::new(file), options);
    let decoded = decoder.decode().map_err(|error| error.to_string())?;
    let samples = decoded.u8().ok_or("its samples have more than eight bits")?;
    let (width, height) = decoder.dimensions().ok_or("it has no size")?;
    let colors = decoder.colorspace().ok_or("it has no colours")?;
    picture(width, height, colors, samples)
}

fn jpeg(file: &[u8]) -> Result<Picture, String> {
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), options());
    decoder.decode_headers().map_err(|error| error.to_string())?;
    let own = decoder.input_colorspace();
    let wanted = if own == Some(ColorSpace::Luma) { ColorSpace::Luma } else { ColorSpace::RGB };
    decoder.set_options(options().jpeg_set_out_colorspace(wanted));
    let samples = decoder.decode().map_err(|error| error.to_string())?;
    let info = decoder.info().ok_or("it has no size")?;
    picture(info.width.into(), info.height.into(), wanted, samples)
}

fn picture(
    width: usize,
    height: usize,
    colors: ColorSpace,
    samples: Vec<u8>,
) -> Result<Picture, String> {
    let channels = match colors {
        ColorSpace::Luma => 1,
        ColorSpace::LumaA => 2,
        ColorSpace::RGB => 3,
        ColorSpace::RGBA => 4,
        _ => return Err(format!("its colours are {colors:?}, which can't be used")),
    };
    let whole = width.checked_mul(height).and_then(|pixels| pixels.checked_mul(channels));
    if whole != Some(samples.len()) {
        return Err(format!("it has {} samples for {width}x{height}", samples.len()));
    }
    Ok(Picture { width, height, channels, samples })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::base64;

    fn decoded(text: &str) -> (usize, usize, usize, Vec<u8>) {
        let file = base64::decode(text).unwrap();
        let picture = Picture::decode(&file).unwrap();
        (picture.width, picture.height, picture.channels, picture.samples)
    }

    /// Two pixels each, as Pillow has written them.
    #[test]
    fn a_png_of_each_kind_of_colour_is_decoded() {
        for (kind, file, channels, samples) in [
            (
                "palette",
                "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABAQMAAADO7O3JAAAABlBMVEUKFB4oMjzVG7TpAAAACklEQVR4nGNwAAAA\
                 QgBBKTf07wAAAABJRU5ErkJggg==",
                3,
                &[10, 20, 30, 40, 50, 60][..],
            ),
            (
                "grey of 16 bits",
                "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABEAAAAACB2fwVAAAADUlEQVR4nGMQMvn/HwAD5gJFLkKWdQAAAABJRU5E\
                 rkJggg==",
                1,
                &[0x12, 0xff],
            ),
            (
                "grey and alpha",
                "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAQAAABeK7cBAAAADUlEQVR4nGNMaWBgAAADGgDmZ5UsPQAAAABJRU5E\
                 rkJggg==",
                2,
                &[100, 128, 100, 128],
            ),
            (
                "colours",
                "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAAD0lEQVR4nGNgZGL+1cAAAAQRAYFbjalTAAAAAElF\
                 TkSuQmCC",
                3,
                &[1, 2, 3, 250, 128, 0],
            ),
        ] {
            assert_eq!(decoded(file), (2, 1, channels, samples.to_vec()), "{kind}");
        }
    }

    #[test]
    fn what_is_damaged_is_told() {
        assert!(Picture::decode(b"GIF89a").unwrap_err().contains("neither PNG nor JPEG"));
        assert!(Picture::decode(b"\x89PNG\r\n\x1a\n").is_err());
        assert!(Picture::decode(b"\xff\xd8\xff\xe0").is_err());
    }
}
