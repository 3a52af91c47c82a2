/** The file systems that everything is to work on, each with what `mountFileSystem` takes. */
export const kinds = {
  'ext4, relatime': { type: 'ext4', options: 'relatime' },
  'ext4, noatime': { type: 'ext4', options: 'noatime' },
  'ext4, strictatime': { type: 'ext4', options: 'strictatime' },
  xfs: { type: 'xfs' },
  btrfs: { type: 'btrfs' },
  'tmpfs, relatime': { type: 'tmpfs', options: 'relatime' },
  'tmpfs, noatime': { type: 'tmpfs', options: 'noatime' },
  'tmpfs, strictatime': { type: 'tmpfs', options: 'strictatime' },
  overlayfs: { type: 'overlay' },
  FUSE: { type: 'fuse' },
};

/** Its access times are whole seconds. */
export const smallInodes = { type: 'ext4', mkfs: ['-I', '128'] };
