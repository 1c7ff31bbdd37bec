/** A picture of figures. */
export interface Plot {
  /** Of the file, without its ending. */
  readonly name: string;
  readonly svg: string;
}
