// From what is drawn or photographed to the numbers that a model takes.

// Cells of the picture in between for each pixel of the model, so that each is a mean of many.
const FINE = 8;
const LARGEST = 1536;

function scratch(width, height) {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  return canvas.getContext('2d', { willReadFrequently: true });
}

function finesse(spec) {
  return Math.max(1, Math.min(FINE, Math.floor(LARGEST / Math.max(spec.width, spec.height))));
}

// How much ink each pixel has, from 0 to 1; null for an empty drawing. `box` is the part that has ink.
export function fromDrawing(canvas, box, spec, centre) {
  if (!box) return null;
  const fine = finesse(spec);
  const [width, height] = [spec.width * fine, spec.height * fine];
  const context = scratch(width, height);
  context.imageSmoothingQuality = 'high';
  if (centre) {
    // Collections of written characters have them as large as fits: small pictures without a margin, others with the one
    // of MNIST.
    const free = Math.min(spec.width, spec.height) <= 16 ? 1 : 20 / 28;
    const scale = Math.min((width * free) / box[2], (height * free) / box[3]);
    const [w, h] = [box[2] * scale, box[3] * scale];
    context.drawImage(canvas, ...box, (width - w) / 2, (height - h) / 2, w, h);
  } else {
    context.drawImage(canvas, 0, 0, width, height);
  }
  return means(context, spec, fine, (data, at) => [data[at + 3] / 255]);
}

// The middle of a picture, from 0 to 1 for each channel.
export function fromPicture(source, spec) {
  const fine = finesse(spec);
  const [width, height] = [spec.width * fine, spec.height * fine];
  const context = scratch(width, height);
  context.imageSmoothingQuality = 'high';
  // What is transparent lies on paper.
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  const [w, h] = [source.videoWidth || source.width, source.videoHeight || source.height];
  const scale = Math.max(width / w, height / h);
  context.drawImage(source, (width - w * scale) / 2, (height - h * scale) / 2, w * scale, h * scale);
  const colour = (data, at) => [data[at] / 255, data[at + 1] / 255, data[at + 2] / 255];
  const grey = (data, at) => [(0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2]) / 255];
  return means(context, spec, fine, spec.channels === 1 ? grey : colour);
}

function means(context, spec, fine, read) {
  const { data } = context.getImageData(0, 0, spec.width * fine, spec.height * fine);
  const { width, height, channels } = spec;
  const out = new Float32Array(width * height * channels);
  for (let y = 0; y < height * fine; y += 1) {
    for (let x = 0; x < width * fine; x += 1) {
      const parts = read(data, (y * width * fine + x) * 4);
      const at = (Math.floor(y / fine) * width + Math.floor(x / fine)) * channels;
      for (let channel = 0; channel < channels; channel += 1) {
        // A fourth channel is how opaque it is.
        out[at + channel] += channel === 3 ? 1 : parts[channel] ?? parts[0];
      }
    }
  }
  return out.map((value) => value / (fine * fine));
}

// From 0..1 to the range that the model was trained with.
export function toRange(values, [low, high], { invert, whole }) {
  return values.map((value) => {
    const part = invert ? 1 - value : value;
    const scaled = low + part * (high - low);
    return whole ? Math.round(scaled) : scaled;
  });
}

// Shows what the model sees, in its own pixels.
export function paint(canvas, values, spec, [low, high]) {
  canvas.width = spec.width;
  canvas.height = spec.height;
  const context = canvas.getContext('2d');
  const image = context.createImageData(spec.width, spec.height);
  for (let pixel = 0; pixel < spec.width * spec.height; pixel += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      const value = values[pixel * spec.channels + (spec.channels >= 3 ? channel : 0)];
      image.data[pixel * 4 + channel] = ((value - low) / (high - low || 1)) * 255;
    }
    image.data[pixel * 4 + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}
