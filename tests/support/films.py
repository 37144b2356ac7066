"""Videos for tests: moving scenes, and reading and writing that is independent of puppyslug."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import skimage.data

from puppyslug.video.frames import TimedFrame


def moving_scene(frames: int, size=(96, 160), shift=(1.5, 0.5), brighter=0.0) -> list[np.ndarray]:
    """Frames of a photo that moves by ``shift`` pixels (x, y) per frame; H×W×3 uint8."""
    photo = cv2.resize(skimage.data.coffee(), (600, 400), interpolation=cv2.INTER_AREA)
    pictures = []
    for number in range(frames):
        matrix = np.float32([[1, 0, -40 - shift[0] * number], [0, 1, -40 - shift[1] * number]])
        moved = cv2.warpAffine(photo, matrix, size[::-1], borderMode=cv2.BORDER_REFLECT_101)
        moved = moved * (1 + brighter * number)
        pictures.append(np.clip(moved + 0.5, 0, 255).astype(np.uint8))
    return pictures


def encode_video(
    path: Path,
    pictures: list[np.ndarray],
    *,
    fps: int = 25,
    times: list[int] | None = None,
    tone: bool = False,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    options: dict[str, str] | None = None,
    rotation: int = 0,
    color_trc: int = 1,
) -> Path:
    """Write a video with PyAV; ``times`` are in milliseconds, ``tone`` adds a sound track."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps)
        height, width = pictures[0].shape[:2]
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        stream.options = {"crf": "10", **(options or {})} if codec == "libx264" else options or {}
        context = stream.codec_context
        context.color_range, context.colorspace = 1, 1
        context.color_primaries, context.color_trc = 1, color_trc
        if times:
            context.time_base = Fraction(1, 1000)
        sound = container.add_stream("aac", rate=44100, layout="mono") if tone else None
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame = frame.reformat(format=pix_fmt, dst_colorspace=1, dst_color_range=1)
            if times:
                frame.pts, frame.time_base = times[number], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if sound:
            seconds = len(pictures) / fps
            wave = np.sin(np.arange(round(44100 * seconds)) * 0.06).astype(np.float32)
            for start in range(0, len(wave), 1024):
                part = av.AudioFrame.from_ndarray(wave[None, start : start + 1024], "fltp", "mono")
                part.rate, part.pts = 44100, start
                container.mux(sound.encode(part))
            container.mux(sound.encode())
    return path


def decode_with_opencv(path: Path) -> list[np.ndarray]:
    """Read all frames with OpenCV."""
    capture = cv2.VideoCapture(str(path))
    pictures = []
    while True:
        successful, picture = capture.read()
        if not successful:
            capture.release()
            return pictures
        pictures.append(picture[..., ::-1])


def at_constant_rate(pictures: list[np.ndarray], fps: int = 25) -> list[TimedFrame]:
    """Pictures as the frames of a video with a constant frame rate."""
    return [TimedFrame(Fraction(number, fps), picture) for number, picture in enumerate(pictures)]


def damage_sound(path: Path, *, every: int) -> Path:
    """Overwrite every n-th packet of a film's sound, in place."""
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(audio=0) if packet.size]
        places = [(packet.pos, packet.size) for packet in packets[::every]]
    data = bytearray(path.read_bytes())
    for position, size in places:
        data[position : position + size] = b"\xff" * size
    path.write_bytes(data)
    return path


def write_tone(path, codec, rate=44_100, layout="stereo", frequency=440.0, seconds=1.0):
    """Write a film with a sine tone of a codec."""
    with av.open(str(path), "w") as container:
        video_codec = "mpeg2video" if path.suffix == ".mpg" else "libx264"
        video = container.add_stream(video_codec, rate=25)
        video.width, video.height, video.pix_fmt = 48, 32, "yuv420p"
        sound = container.add_stream(codec, rate=rate, layout=layout)
        for picture in moving_scene(round(25 * seconds), size=(32, 48)):
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(video.encode())
        wave = 0.3 * np.sin(np.arange(round(rate * seconds)) * 2 * np.pi * frequency / rate)
        channels = sound.codec_context.channels
        samples = np.tile(wave.astype(np.float32), (channels, 1))
        frame = av.AudioFrame.from_ndarray(samples, "fltp", layout)
        frame.rate, frame.pts = rate, 0
        container.mux(sound.encode(frame))
        container.mux(sound.encode())
    return path
