//! From pixels to the values of an input: the order of its axes, its channels, the range of its numbers.

use super::Picture;
use crate::work::protocol::{Datatype, TensorInfo};

/// The numbers that a model takes for pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PixelRange {
    /// From 0 to 255, as they are in the file.
    #[default]
    Bytes,
    /// From 0 to 1.
    Unit,
    /// From -1 to 1.
    Signed,
}

/// What an input's shape says of an image, without the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Layout {
    /// The lengths that are asked for; `None`: any.
    height: Option<usize>,
    width: Option<usize>,
    channels: usize,
    axes: Axes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Axes {
    /// Rows, columns, channels.
    ChannelsLast,
    /// Channels, rows, columns.
    ChannelsFirst,
    /// Rows and columns, of grey.
    Plain,
    /// All in one row, the channels of a pixel side by side.
    Flat,
}

/// The value of the input for one image, as JSON text. The error says why the image is not what the input
/// takes; nothing is scaled to another size, which each model's training did in a way of its own.
pub(in crate::work::predict) fn arrange(
    picture: &Picture,
    input: &TensorInfo,
    range: PixelRange,
) -> Result<String, String> {
    let layout = layout(&input.shape, picture)?;
    let wrong = |wanted: Option<usize>, is: usize| wanted.is_some_and(|wanted| wanted != is);
    if wrong(layout.height, picture.height) || wrong(layout.width, picture.width) {
        let side = |side: Option<usize>| side.map_or_else(|| "any".to_owned(), |n| n.to_string());
        return Err(format!(
            "it has {}x{} pixels, and the model takes {}x{}: bring it to that size as the model's \
             training did",
            picture.width,
            picture.height,
            side(layout.width),
            side(layout.height)
        ));
    }
    let is_float = matches!(
        input.datatype,
        None | Some(Datatype::Fp16 | Datatype::Bf16 | Datatype::Fp32 | Datatype::Fp64)
    );
    if !is_float && range != PixelRange::Bytes {
        let datatype = input.datatype.map(Datatype::name).unwrap_or_default();
        return Err(format!("the model's input is {datatype}, whose pixels go from 0 to 255"));
    }
    let number = |x: usize, y: usize, channel: usize| {
        written(sample(picture, x, y, channel, layout.channels), range)
    };
    let row = |y: usize, channel: usize| list((0..picture.width).map(|x| number(x, y, channel)));
    Ok(match layout.axes {
        Axes::ChannelsLast => list((0..picture.height).map(|y| {
            list(
                (0..picture.width)
                    .map(|x| list((0..layout.channels).map(|channel| number(x, y, channel)))),
            )
        })),
        Axes::ChannelsFirst => list(
            (0..layout.channels).map(|channel| list((0..picture.height).map(|y| row(y, channel)))),
        ),
        Axes::Plain => list((0..picture.height).map(|y| row(y, 0))),
        Axes::Flat => list((0..picture.height).flat_map(|y| {
            (0..picture.width)
                .flat_map(move |x| (0..layout.channels).map(move |channel| (x, y, channel)))
                .map(|(x, y, channel)| number(x, y, channel))
        })),
    })
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

/// How the image fits into a shape whose first length is the batch's.
fn layout(shape: &[i64], picture: &Picture) -> Result<Layout, String> {
    let length = |length: i64| usize::try_from(length).ok();
    let is_color = |length: i64| matches!(length, 1 | 3 | 4);
    let of = |height, width, channels, axes| Layout {
        height: length(height),
        width: length(width),
        channels,
        axes,
    };
    let pixels = picture.width * picture.height;
    let no_image =
        || format!("the model's input has the shape {shape:?}, which is none of an image");
    match *shape {
        [_, first, second, last] => {
            let fits = |height: i64, width: i64| {
                let fit = |wanted: i64, is: usize| length(wanted).is_none_or(|wanted| wanted == is);
                fit(height, picture.height) && fit(width, picture.width)
            };
            // Where both ends can be channels, the image's own size says which are.
            let is_last =
                is_color(last) && (!is_color(first) || fits(first, second) || !fits(second, last));
            match (is_last, is_color(first)) {
                (true, _) => Ok(of(first, second, last as usize, Axes::ChannelsLast)),
                (false, true) => Ok(of(second, last, first as usize, Axes::ChannelsFirst)),
                (false, false) => Err(no_image()),
            }
        }
        [_, height, width] => Ok(of(height, width, 1, Axes::Plain)),
        [_, all] => {
            let channels = [1, 3, 4].into_iter().find(|n| length(all) == Some(n * pixels));
            let channels = channels.ok_or_else(|| {
                format!(
                    "it has {}x{} pixels, and the model takes {all} numbers in a row",
                    picture.width, picture.height
                )
            })?;
            Ok(of(-1, -1, channels, Axes::Flat))
        }
        _ => Err(no_image()),
    }
}

/// A channel of a pixel as a model of so many channels wants it. Grey is what ITU-R BT.601 makes of
/// colours, as Pillow and TensorFlow do; what is see-through lies on white.
fn sample(picture: &Picture, x: usize, y: usize, channel: usize, wanted: usize) -> f64 {
    let at = (y * picture.width + x) * picture.channels;
    let own = &picture.samples[at..at + picture.channels];
    let (color, alpha) = match own {
        [grey] => ([*grey; 3], 255),
        [grey, alpha] => ([*grey; 3], *alpha),
        [red, green, blue] => ([*red, *green, *blue], 255),
        [red, green, blue, alpha, ..] => ([*red, *green, *blue], *alpha),
        [] => ([0; 3], 255),
    };
    if wanted == 4 {
        return f64::from(if channel == 3 { alpha } else { color[channel.min(2)] });
    }
    let part = f64::from(alpha) / 255.0;
    let on_white = color.map(|value| f64::from(value) * part + 255.0 * (1.0 - part));
    if wanted == 1 {
        let [red, green, blue] = on_white;
        // A grey image stays what it is.
        return if color[0] == color[1] && color[1] == color[2] {
            red.round()
        } else {
            (0.299 * red + 0.587 * green + 0.114 * blue).round()
        };
    }
    on_white[channel.min(2)].round()
}

fn written(value: f64, range: PixelRange) -> String {
    match range {
        PixelRange::Bytes => format!("{}", value as u8),
        PixelRange::Unit => format!("{}", (value / 255.0) as f32),
        PixelRange::Signed => format!("{}", (value / 127.5 - 1.0) as f32),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(shape: &[i64], datatype: Datatype) -> TensorInfo {
        TensorInfo { name: "x".into(), datatype: Some(datatype), shape: shape.to_vec() }
    }

    fn colors() -> Picture {
        // Red and half see-through blue, above each other.
        let samples = vec![255, 0, 0, 255, 0, 0, 255, 128];
        Picture { width: 1, height: 2, channels: 4, samples }
    }

    fn made(shape: &[i64], range: PixelRange) -> Result<String, String> {
        arrange(&colors(), &input(shape, Datatype::Fp32), range)
    }

    #[test]
    fn a_shape_says_the_order_of_the_axes() {
        let of = |shape: &[i64]| made(shape, PixelRange::Bytes).unwrap();
        assert_eq!(of(&[-1, 2, 1, 3]), "[[[255,0,0]],[[127,127,255]]]");
        assert_eq!(of(&[-1, 3, 2, 1]), "[[[255],[127]],[[0],[127]],[[0],[255]]]");
        assert_eq!(of(&[-1, -1, -1, 4]), "[[[255,0,0,255]],[[0,0,255,128]]]");
        assert_eq!(of(&[-1, 2, 1]), "[[76],[142]]");
        assert_eq!(of(&[-1, 6]), "[255,0,0,127,127,255]");
        assert_eq!(of(&[-1, 2]), "[76,142]");
    }

    #[test]
    fn numbers_go_as_far_as_they_are_asked_to() {
        assert_eq!(made(&[-1, 2, 1], PixelRange::Unit).unwrap(), "[[0.29803923],[0.5568628]]");
        let signed = made(&[-1, 2, 1, 3], PixelRange::Signed).unwrap();
        assert!(signed.starts_with("[[[1,-1,-1]]"), "{signed}");
        let of_bytes = input(&[-1, 2, 1, 3], Datatype::Uint8);
        assert!(arrange(&colors(), &of_bytes, PixelRange::Unit).unwrap_err().contains("UINT8"));
    }

    #[test]
    fn another_size_is_told_and_not_made() {
        let said = made(&[-1, 28, 28, 1], PixelRange::Bytes).unwrap_err();
        assert!(said.contains("1x2 pixels") && said.contains("28x28"), "{said}");
        assert!(made(&[-1, 784], PixelRange::Bytes).unwrap_err().contains("784 numbers"));
        assert!(made(&[-1], PixelRange::Bytes).unwrap_err().contains("none of an image"));
    }
}
